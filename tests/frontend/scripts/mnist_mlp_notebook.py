#!/usr/bin/env python
# coding: utf-8
"""Digits with a multilayer perceptron, written as a notebook is exported."""

get_ipython = None
%matplotlib inline
from keras.datasets import mnist
import matplotlib.pyplot as plt
import matplotlib.cm as cm
import numpy as np

(X_train, y_train), (X_test, y_test) = mnist.load_data()
print("training set: %d images" % len(X_train))
print("test set: %d images" % len(X_test))

# six digits side by side
figure = plt.figure(figsize=(20, 20))
for k in range(6):
    axes = figure.add_subplot(1, 6, k + 1, xticks=[], yticks=[])
    axes.imshow(X_train[k], cmap='gray')
    axes.set_title(str(y_train[k]))


def show_pixels(image, axes):
    """Writes each pixel's value into the picture."""
    axes.imshow(image, cmap='gray')
    width, height = image.shape
    middle = image.max() / 2.5
    for x in range(width):
        for y in range(height):
            axes.annotate(str(round(image[x][y], 2)), xy=(y, x),
                          horizontalalignment='center', verticalalignment='center',
                          color='white' if image[x][y] < middle else 'black')


figure = plt.figure(figsize=(12, 12))
axes = figure.add_subplot(111)
show_pixels(X_train[0], axes)

X_train = X_train.astype('float32')/255
X_test = X_test.astype('float32')/255

from keras.utils import np_utils

print('labels before:', y_train[:10])
y_train = np_utils.to_categorical(y_train, 10)
y_test = np_utils.to_categorical(y_test, 10)
print('labels after:', y_train[:10])

from keras.models import Sequential
from keras.layers import Dense, Dropout, Flatten

model = Sequential()
model.add(Flatten(input_shape=X_train.shape[1:]))
model.add(Dense(512, activation='relu'))
model.add(Dropout(0.2))
model.add(Dense(512, activation='relu'))
model.add(Dropout(0.2))
model.add(Dense(10, activation='softmax'))
model.summary()

model.compile(loss='categorical_crossentropy', optimizer='rmsprop', metrics=['accuracy'])

score = model.evaluate(X_test, y_test, verbose=0)
accuracy = 100*score[1]
print('before training: %.4f%%' % accuracy)

from keras.callbacks import ModelCheckpoint

checkpointer = ModelCheckpoint(filepath='mnist.model.best.hdf5', verbose=1, save_best_only=True)
hist = model.fit(X_train, y_train, batch_size=128, epochs=10, validation_split=0.2,
                 callbacks=[checkpointer], verbose=1, shuffle=True)

model.load_weights('mnist.model.best.hdf5')

score = model.evaluate(X_test, y_test, verbose=0)
accuracy = 100*score[1]
print('after training: %.4f%%' % accuracy)
