# Shaped like the branching model of Keras 2's own summary: residual addition, two branches, concatenation.
from keras.layers import Input, Conv2D, BatchNormalization, Activation, GlobalAveragePooling2D, Dense
from keras.layers.merge import add, concatenate
from keras.models import Model

inputs = Input((24, 20, 3))
x = Conv2D(16, 3, padding='same', use_bias=False)(inputs)
x = BatchNormalization()(x)
shortcut = Activation('relu')(x)
x = Conv2D(16, (3, 3), padding='same')(shortcut)
x = BatchNormalization()(x)
x = add([shortcut, x])
left = Conv2D(16, (1, 1), activation='relu')(x)
right = Conv2D(16, (3, 3), padding='same', activation='relu')(x)
x = concatenate([left, right])
x = GlobalAveragePooling2D()(x)
outputs = Dense(7, activation='softmax')(x)
model = Model(inputs, outputs)
model.summary()
