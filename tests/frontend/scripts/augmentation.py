# CIFAR-10 with images shifted and flipped while training.
from keras.callbacks import EarlyStopping, LearningRateScheduler, ModelCheckpoint, ReduceLROnPlateau
from keras.datasets import cifar10
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D
from keras.models import Sequential
from keras.optimizers import SGD
from keras.preprocessing.image import ImageDataGenerator
from keras.utils import to_categorical

batch_size = 32
(x_train, y_train), (x_test, y_test) = cifar10.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0
y_train, y_test = to_categorical(y_train), to_categorical(y_test)
(x_train, x_valid) = x_train[5000:], x_train[:5000]
(y_train, y_valid) = y_train[5000:], y_train[:5000]

datagen = ImageDataGenerator(width_shift_range=0.1, height_shift_range=0.1, horizontal_flip=True)
datagen.fit(x_train)
for pictures in datagen.flow(x_train[:12], batch_size=12):
    print(pictures)
    break

model = Sequential([
    Conv2D(16, (3, 3), padding='same', activation='relu', input_shape=x_train.shape[1:]),
    MaxPooling2D(),
    Flatten(),
    Dense(10, activation='softmax'),
])
model.compile(SGD(lr=0.1, momentum=0.9, nesterov=True), 'categorical_crossentropy', ['accuracy'])


def rate(epoch):
    if epoch < 2:
        return 0.1
    return 0.1 * 0.5 ** (epoch - 1)


model.fit_generator(datagen.flow(x_train, y_train, batch_size=batch_size),
                    steps_per_epoch=x_train.shape[0] / batch_size, epochs=4, verbose=2,
                    callbacks=[ModelCheckpoint('aug.hdf5', save_best_only=True),
                               EarlyStopping(patience=3), ReduceLROnPlateau(factor=0.2),
                               LearningRateScheduler(rate)],
                    validation_data=(x_valid, y_valid), validation_steps=x_valid.shape[0] // batch_size)
model.save('aug_full.h5')
