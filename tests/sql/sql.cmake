# Plans as SQL against the engines themselves: a program prints plans, SQL and results, Python asks the engines.
add_executable(plan_sql_gen ${CMAKE_CURRENT_LIST_DIR}/plan_sql.c ${exec_helpers})
target_compile_options(plan_sql_gen PRIVATE -Wno-unused-parameter)
target_link_libraries(plan_sql_gen PRIVATE mlnb_exec PkgConfig::CMOCKA PkgConfig::JANSSON)
add_test(NAME sql:plan_sql COMMAND sh ${CMAKE_SOURCE_DIR}/tests/python.sh ${CMAKE_CURRENT_LIST_DIR}/test_plan_sql.py)
set_tests_properties(sql:plan_sql PROPERTIES LABELS sql TIMEOUT 900 SKIP_RETURN_CODE 77
  ENVIRONMENT "PLAN_SQL_GEN=$<TARGET_FILE:plan_sql_gen>")

# mlnb's SQL beside other engines
file(GLOB sql_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/test_sql_*.py)
foreach(source ${sql_tests})
  get_filename_component(name ${source} NAME_WE)
  add_test(NAME sql:${name} COMMAND sh ${CMAKE_SOURCE_DIR}/tests/python.sh ${source})
  set_tests_properties(sql:${name} PROPERTIES LABELS sql TIMEOUT 900 SKIP_RETURN_CODE 77
    ENVIRONMENT "MLNB_BIN=$<TARGET_FILE:mlnb>")
endforeach()
