# CIFAR-10 with a multilayer perceptron: 3,590,642 parameters, and what a CNN should beat.
import keras
from keras.callbacks import ModelCheckpoint
from keras.datasets import cifar10
from keras.layers import Dense, Dropout, Flatten
from keras.models import Sequential

(x_train, y_train), (x_test, y_test) = cifar10.load_data()
x_train = x_train.astype('float32') / 255
x_test = x_test.astype('float32') / 255

num_classes = 10
y_train = keras.utils.to_categorical(y_train, num_classes)
y_test = keras.utils.to_categorical(y_test, num_classes)

# The first 5000 images validate.
(x_train, x_valid) = x_train[5000:], x_train[:5000]
(y_train, y_valid) = y_train[5000:], y_train[:5000]

model = Sequential()
model.add(Flatten(input_shape=x_train.shape[1:]))
model.add(Dense(1000, activation='relu'))
model.add(Dropout(0.2))
model.add(Dense(512, activation='relu'))
model.add(Dropout(0.2))
model.add(Dense(num_classes, activation='softmax'))
model.summary()

model.compile(loss='categorical_crossentropy', optimizer='rmsprop', metrics=['accuracy'])

checkpoint = ModelCheckpoint(filepath='cifar10_mlp.best.hdf5', verbose=1, save_best_only=True)
model.fit(x_train, y_train, batch_size=32, epochs=20, validation_data=(x_valid, y_valid),
          callbacks=[checkpoint], verbose=2, shuffle=True)

model.load_weights('cifar10_mlp.best.hdf5')
score = model.evaluate(x_test, y_test, verbose=0)
print('test accuracy:', score[1])
