# Handwritten digits with a multilayer perceptron: 669,706 parameters, about 98% right after ten epochs.
import numpy as np
from keras.callbacks import ModelCheckpoint
from keras.datasets import mnist
from keras.layers import Dense, Dropout, Flatten
from keras.models import Sequential
from keras.utils import np_utils

(x_train, y_train), (x_test, y_test) = mnist.load_data()
print('%d training images, %d test images' % (len(x_train), len(x_test)))

# Pixels from 0..255 to 0..1, labels to one-hot vectors.
x_train = x_train.astype('float32') / 255
x_test = x_test.astype('float32') / 255
y_train = np_utils.to_categorical(y_train, 10)
y_test = np_utils.to_categorical(y_test, 10)

model = Sequential()
model.add(Flatten(input_shape=x_train.shape[1:]))
model.add(Dense(512, activation='relu'))
model.add(Dropout(0.2))
model.add(Dense(512, activation='relu'))
model.add(Dropout(0.2))
model.add(Dense(10, activation='softmax'))
model.summary()

model.compile(loss='categorical_crossentropy', optimizer='rmsprop', metrics=['accuracy'])

checkpoint = ModelCheckpoint(filepath='mnist.best.hdf5', verbose=1, save_best_only=True)
model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=0.2, callbacks=[checkpoint],
          verbose=1, shuffle=True)

model.load_weights('mnist.best.hdf5')
score = model.evaluate(x_test, y_test, verbose=0)
print('test accuracy: %.4f%%' % (100 * score[1]))
