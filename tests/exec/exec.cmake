# A pool as a shared object, for the test that loads one.
add_library(test_pool_tiny MODULE ${CMAKE_CURRENT_LIST_DIR}/pool/tiny.c)
if(TARGET test_exec_control)
  add_dependencies(test_exec_control test_pool_tiny)
  target_compile_definitions(test_exec_control PRIVATE TEST_POOL_SO="$<TARGET_FILE:test_pool_tiny>")
endif()
