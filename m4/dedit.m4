# DEDIT_FLAG(VARIABLE, FLAG...)
# Appends each flag to VARIABLE that the compiler and the linker take without a word beside those before.
AC_DEFUN([DEDIT_FLAG], [
  for dedit_flag in m4_normalize([$2]); do
    AC_MSG_CHECKING([whether $CC accepts $dedit_flag])
    dedit_saved=$CFLAGS
    CFLAGS="$CFLAGS $[]$1 -Werror $dedit_flag"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[]], [[]])],
      [AC_MSG_RESULT([yes])
       AS_VAR_APPEND([$1], [" $dedit_flag"])],
      [AC_MSG_RESULT([no])])
    CFLAGS=$dedit_saved
  done
])

# DEDIT_LIBRARY(PREFIX, PKG-CONFIG MODULE WITH VERSION, DEBIAN PACKAGE)
# PREFIX_CFLAGS and PREFIX_LIBS; what is missing is collected, so that one message names it all:
# dedit_missing a line for each, dedit_packages Debian's names.
AC_DEFUN([DEDIT_LIBRARY], [
  PKG_CHECK_MODULES([$1], [$2], [],
    [AS_VAR_APPEND([dedit_missing], ["
  $2"])
     AS_VAR_APPEND([dedit_packages], [" $3"])
     AC_MSG_RESULT([no])])
])

# DEDIT_ENABLE(OPTION, HELP): enable_OPTION is yes or no, by default no.
AC_DEFUN([DEDIT_ENABLE], [
  AC_ARG_ENABLE([$1], [AS_HELP_STRING([--enable-$1], [$2])], [],
    [AS_VAR_SET([enable_]m4_translit([$1], [-], [_]), [no])])
])
