noinst_LIBRARIES += libxml.a
libxml_a_SOURCES = \
	xml/names.c \
	xml/parse.c \
	xml/writer.c \
	xml/xml.h
libxml_a_CPPFLAGS = $(AM_CPPFLAGS) $(XML_CFLAGS)
xml_libs = libxml.a $(XML_LIBS) $(base_libs)

check_PROGRAMS += \
	tests/unit/test_xml_parse \
	tests/unit/test_xml_writer
tests_unit_test_xml_parse_LDADD = $(xml_libs) $(CMOCKA_LIBS)
tests_unit_test_xml_writer_LDADD = $(xml_libs) $(CMOCKA_LIBS)
