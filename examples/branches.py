# A small network with residual and parallel branches, written with the functional API.
from keras.layers import (Activation, BatchNormalization, Conv2D, Dense, GlobalAveragePooling2D, Input, add,
                          concatenate)
from keras.models import Model


def conv_bn(x, filters, kernel_size):
    x = Conv2D(filters, kernel_size, padding='same', use_bias=False)(x)
    return BatchNormalization()(x)


image = Input(shape=(32, 32, 3))
stem = Activation('relu')(conv_bn(image, 16, 3))
x = Activation('relu')(conv_bn(stem, 16, 3))
x = add([stem, conv_bn(x, 16, 3)])

branches = [Conv2D(16, size, padding='same', activation='relu')(x) for size in (1, 3, 5)]
x = concatenate(branches)
x = GlobalAveragePooling2D()(x)
classes = Dense(10, activation='softmax')(x)

model = Model(inputs=image, outputs=classes)
model.summary()
model.compile(optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy'])
