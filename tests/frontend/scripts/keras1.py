# Spellings of Keras 1, which Keras 2 still reads.
from keras.models import Sequential, Model
from keras.layers import Activation, Dense, Dropout, Flatten, Input, merge
from keras.layers.convolutional import Convolution2D, MaxPooling2D
from keras.optimizers import Adam
from keras.regularizers import l2

model = Sequential()
model.add(Convolution2D(16, 3, 3, border_mode='same', subsample=(2, 2), input_shape=(32, 32, 3), dim_ordering='tf', init='he_normal'))
model.add(Activation('relu'))
model.add(MaxPooling2D(pool_size=(2, 2), strides=None, border_mode='valid'))
model.add(Convolution2D(nb_filter=8, nb_row=3, nb_col=5, W_regularizer=l2(0.01)))
model.add(Dropout(p=0.25))
model.add(Flatten())
model.add(Dense(output_dim=10, activation='softmax', bias=False))
model.compile(Adam(lr=1e-4, decay=1e-6), loss='categorical_crossentropy')
