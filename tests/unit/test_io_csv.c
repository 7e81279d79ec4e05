/* test_io_csv.c: rules of language.md 3.4 and 3.6 for delimited text, each on a small file. */
#include "tests/unit/io_files.h"

TEST(types_of_columns)
{
    struct io_case t;
    case_read(&t, "i,n,b,d,t,s\n1,1.5,true,2019-01-31,2019-01-31 08:30:00,x\n"
                  "-2,3,FALSE,2020-02-29,2020-02-29,1\n");
    case_schema(&t, "i:int n:num b:bool d:date t:datetime s:str");
    case_text(&t, "i,n,b,d,t,s\n1,1.5,true,2019-01-31,2019-01-31 08:30:00,x\n"
                  "-2,3.0,false,2020-02-29,2020-02-29 00:00:00,1\n");
    case_end(&t);
}

TEST(nulls)
{
    struct io_case t;
    case_read(&t, "a,b,c,d\nNA,NA,,NA\n1,x,\"\",null\n,,y,NULL\nnull,NaN,z,\n");
    case_schema(&t, "a:int b:str c:str d:str");
    case_text(&t, "a,b,c,d\n,NA,,\n1,x,\"\",\n,,y,\n,NaN,z,\n");
    case_end(&t);
}
