from keras.applications.mobilenet import MobileNet

model = MobileNet(alpha=0.25, weights=None)
model.summary()
