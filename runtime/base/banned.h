/* banned.h: force-included into every C file of ours: names that must not be used become compile
 * errors. */
#ifndef MLNB_BASE_BANNED_H
#define MLNB_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(name) sorry_##name##_is_banned_see_base_banned_h
#undef strcpy
#define strcpy BANNED(strcpy)
#undef strcat
#define strcat BANNED(strcat)
#undef strncpy
#define strncpy BANNED(strncpy)
#undef strncat
#define strncat BANNED(strncat)
#undef sprintf
#define sprintf BANNED(sprintf)
#undef vsprintf
#define vsprintf BANNED(vsprintf)
#undef strtok
#define strtok BANNED(strtok)
#undef alloca
#define alloca BANNED(alloca)
#undef localtime
#define localtime BANNED(localtime)
#undef gmtime
#define gmtime BANNED(gmtime)
#undef ctime
#define ctime BANNED(ctime)
#undef asctime
#define asctime BANNED(asctime)
#undef rand
#define rand BANNED(rand)
#undef srand
#define srand BANNED(srand)
#undef atoi
#define atoi BANNED(atoi)
#undef atof
#define atof BANNED(atof)

#endif
