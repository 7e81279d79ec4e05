# Benchmarks in C: built on request (`cmake --build build/release --target bench_exec`), never run by the tests.
add_executable(bench_exec EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/bench_exec.c ${CMAKE_SOURCE_DIR}/tests/exec/fixture.c)
target_compile_options(bench_exec PRIVATE -Wno-unused-parameter)
target_link_libraries(bench_exec PRIVATE mlnb_exec PkgConfig::CMOCKA)
