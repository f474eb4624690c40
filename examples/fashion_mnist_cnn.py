# Clothes in ten classes with a small convolutional network: 220,234 parameters, above 90% right after six epochs.
from keras.callbacks import ModelCheckpoint
from keras.datasets import fashion_mnist
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras.models import Sequential
from keras.utils import to_categorical

(x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()

# Pixels from 0..255 to 0..1 with a channel, labels to one-hot vectors.
x_train = x_train.reshape(-1, 28, 28, 1).astype('float32') / 255
x_test = x_test.reshape(-1, 28, 28, 1).astype('float32') / 255
y_train = to_categorical(y_train, 10)
y_test = to_categorical(y_test, 10)

model = Sequential()
model.add(Conv2D(32, 3, padding='same', activation='relu', input_shape=(28, 28, 1)))
model.add(MaxPooling2D(2))
model.add(Conv2D(64, 3, padding='same', activation='relu'))
model.add(MaxPooling2D(2))
model.add(Dropout(0.3))
model.add(Flatten())
model.add(Dense(64, activation='relu'))
model.add(Dropout(0.3))
model.add(Dense(10, activation='softmax'))
model.summary()

model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])

checkpoint = ModelCheckpoint('fashion_mnist.best.hdf5', save_best_only=True)
model.fit(x_train, y_train, batch_size=64, epochs=6, validation_split=0.1, callbacks=[checkpoint], verbose=2)

model.load_weights('fashion_mnist.best.hdf5')
score = model.evaluate(x_test, y_test, verbose=0)
print('test accuracy:', score[1])
