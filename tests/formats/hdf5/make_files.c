/* Makes the files of this folder with the HDF5 library, once:
 *   gcc make_files.c $(pkg-config --cflags --libs hdf5) -o make_files && ./make_files
 * tests/frontend/keras_hdf5_file_test.cpp reads them. Every array holds 0.5 * i - 3 at element i, integers i.
 */
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kRows = 5, kColumns = 7, kElements = kRows * kColumns };

static const hsize_t kDims[2] = {kRows, kColumns};

static void write_array(hid_t where, const char *name, hid_t type, hid_t properties) {
  double values[kElements];
  const int is_integer = H5Tget_class(type) == H5T_INTEGER;
  for (int i = 0; i < kElements; ++i) values[i] = is_integer ? i : 0.5 * i - 3;
  const hid_t space = H5Screate_simple(2, kDims, NULL);
  const hid_t set = H5Dcreate2(where, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  H5Dclose(set);
  H5Sclose(space);
}

static hid_t chunked(hsize_t rows, hsize_t columns, int with_filters) {
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk[2] = {rows, columns};
  H5Pset_chunk(properties, 2, chunk);
  if (with_filters) {
    H5Pset_shuffle(properties);
    H5Pset_deflate(properties, 6);
    H5Pset_fletcher32(properties);
  }
  return properties;
}

static hid_t half_precision(void) {
  const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_fields(type, 15, 10, 5, 0, 10);
  H5Tset_size(type, 2);
  H5Tset_ebias(type, 15);
  return type;
}

static void write_texts(hid_t where, const char *name, const char *const *texts, hsize_t count,
                        int variable) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, variable ? H5T_VARIABLE : 12);
  const hid_t space = count == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &count, NULL);
  const hid_t attribute = H5Acreate2(where, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  if (variable) {
    H5Awrite(attribute, type, texts);
  } else {
    char fixed[4 * 12] = {0};
    for (hsize_t i = 0; i < count; ++i) strncpy(fixed + 12 * i, texts[i], 12);
    H5Awrite(attribute, type, fixed);
  }
  H5Aclose(attribute);
  H5Sclose(space);
  H5Tclose(type);
}

static void write_file(const char *name, int latest) {
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  if (latest) H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110);
  const hid_t file = H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, access);
  const char *const one[] = {"2.0.2"};
  const char *const several[] = {"alpha", "exactly12byt", "c"};
  write_texts(file, "fixed", one, 1, 0);
  write_texts(file, "variable", one, 1, 1);
  write_texts(file, "names", several, 3, 0);
  write_texts(file, "variable_names", several, 3, 1);
  write_texts(file, "split0", several, 3, 0);
  write_texts(file, "split1", several, 3, 0);

  const hid_t numbers = H5Gcreate2(file, "numbers", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  write_array(numbers, "f32", H5T_IEEE_F32LE, H5P_DEFAULT);
  write_array(numbers, "f64_big_endian", H5T_IEEE_F64BE, H5P_DEFAULT);
  write_array(numbers, "f16", half_precision(), H5P_DEFAULT);
  write_array(numbers, "i32_big_endian", H5T_STD_I32BE, H5P_DEFAULT);
  write_array(numbers, "u8", H5T_STD_U8LE, H5P_DEFAULT);
  const hid_t compact = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_layout(compact, H5D_COMPACT);
  write_array(numbers, "compact", H5T_IEEE_F32LE, compact);
  write_array(numbers, "one_chunk", H5T_IEEE_F32LE, chunked(kRows, kColumns, 1));
  if (!latest) {
    write_array(numbers, "chunked", H5T_IEEE_F32LE, chunked(2, 3, 0));
    write_array(numbers, "filtered", H5T_IEEE_F64LE, chunked(2, 3, 1));
    const hid_t many = H5Gcreate2(file, "many", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    for (int i = 0; i < 400; ++i) {
      char link[8];
      sprintf(link, "l%03d", i);
      H5Lcreate_hard(numbers, "f32", many, link, H5P_DEFAULT, H5P_DEFAULT);
    }
  }

  const hid_t refused = H5Gcreate2(file, "refused", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_soft("/numbers/f32", refused, "soft", H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_external("other.h5", "/numbers/f32", refused, "external", H5P_DEFAULT, H5P_DEFAULT);
  const hid_t outside = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(outside, "/dev/null", 0, H5F_UNLIMITED);
  const hid_t space = H5Screate_simple(2, kDims, NULL);
  H5Dcreate2(refused, "elsewhere", H5T_IEEE_F32LE, space, H5P_DEFAULT, outside, H5P_DEFAULT);
  const hid_t virtual_layout = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_virtual(virtual_layout, space, "other.h5", "/numbers/f32", space);
  H5Dcreate2(refused, "virtual", H5T_IEEE_F32LE, space, H5P_DEFAULT, virtual_layout, H5P_DEFAULT);
  const hsize_t huge_dims[2] = {1u << 20, 1u << 18};
  const hid_t huge = H5Screate_simple(2, huge_dims, NULL);
  H5Dcreate2(refused, "huge", H5T_IEEE_F32LE, huge, H5P_DEFAULT, chunked(1024, 1024, 1), H5P_DEFAULT);
  H5Dcreate2(refused, "text", H5T_C_S1, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(file);
}

int main(void) {
  write_file("earliest.h5", 0);
  write_file("latest.h5", 1);
  return 0;
}
