from keras.applications.mobilenet import MobileNet

model = MobileNet(alpha=1.0, weights=None)
