# emotp: one-time codes for logging in to Linux. See README.md.
#
#	make            build/pam_emotp.so, emotp-provision and emotpd
#	sudo make demo  the whole path, from an e-mail to an SSH login
#	sudo make check every test
#	sudo make try   a sandbox that stays up, for your own phone
#	make lint       every warning of every analyser
#	make fuzz       a minute for every parser; FUZZ_SECONDS is honoured
#	sudo make bench logins beside other modules', and the service: also
#			bench-login, bench-service, bench-postgresql
#	make install    DESTDIR and PREFIX are honoured

VERSION	 = 0.1.0
BUILD	 = build
PREFIX	 = /usr
SYSCONF	 = /etc
MULTIARCH := $(shell $(CC) -print-multiarch)
PAMDIR	 = /lib/$(MULTIARCH)/security
MANDIR	 = $(PREFIX)/share/man
UNITDIR	 = $(PREFIX)/lib/systemd/system
BASHCOMP = $(PREFIX)/share/bash-completion/completions
ZSHCOMP	 = $(PREFIX)/share/zsh/vendor-completions

WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes \
	   -Wstrict-prototypes -Wformat=2 -Wcast-qual -Wvla -Werror
HARDEN	 = -fstack-protector-strong -fstack-clash-protection \
	   -D_FORTIFY_SOURCE=2
DEFS	 = -Wl,-z,defs
ifdef SANITIZE
DEFS	 = # the sanitizers' symbols come from the process
HARDEN	 = -fsanitize=address,undefined -fno-sanitize-recover=all
endif
ifeq ($(SANITIZE),fuzz)
HARDEN	 = -fsanitize=fuzzer-no-link,address,undefined \
	   -fno-sanitize-recover=all
WARNINGS = # make lint asks clang
endif
CFLAGS	 = -O2 -g
CPPFLAGS = -D_GNU_SOURCE -I$(BUILD) -DEMOTP_VERSION='"$(VERSION)"' \
	   -DEMOTP_TEMPLATES='"$(PREFIX)/share/emotp/mail"'
override CFLAGS += -std=gnu11 -fPIC -fvisibility=hidden $(HARDEN) $(WARNINGS)
LDFLAGS	 = -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed

COMMON	 := $(wildcard common/*.c)
STATE	 := $(wildcard common/state/*.c)
PAM	 := $(wildcard pam_emotp/*.c)
PROVISION := $(wildcard provision/*.c)
SERVER	 := $(wildcard server/*.c)
WEB	 := $(sort $(wildcard server/web/*))
UNIT	 := $(wildcard tests/unit/*.c)
FUZZ	 := $(wildcard tests/fuzz/fuzz_*.c)
BENCH	 := $(wildcard tests/bench/*.c)
SOURCES	 := $(COMMON) $(STATE) $(PAM) $(PROVISION) $(SERVER) $(UNIT) $(FUZZ) $(BENCH)
TEMPLATES := $(sort $(wildcard etc/mail/*/*.txt))

obj	 = $(patsubst %.c,$(BUILD)/%.o,$(1))
LIBS	 = $(BUILD)/libemotp-state.a $(BUILD)/libemotp.a

all: $(BUILD)/pam_emotp.so $(BUILD)/emotp-provision $(BUILD)/emotpd

$(BUILD)/libemotp.a: $(call obj,$(COMMON))
$(BUILD)/libemotp-state.a: $(call obj,$(STATE))
$(BUILD)/%.a:
	@rm -f $@
	$(AR) rcs $@ $^

# The map lets two symbols out; --gc-sections keeps libcurl's callers away.
# libsqlite3 first: it binds 1,600 symbols of its own, and ld.so looks each of
# them up in one library after the other, at every login.
$(BUILD)/pam_emotp.so: $(call obj,$(PAM)) $(LIBS) pam_emotp/pam_emotp.map
	$(CC) $(CFLAGS) $(LDFLAGS) -shared $(DEFS) \
	    -Wl,--version-script=pam_emotp/pam_emotp.map -o $@ \
	    $(call obj,$(PAM)) $(LIBS) -lsqlite3 -lpam -lcrypto -linih

$(BUILD)/emotp-provision: $(call obj,$(PROVISION)) $(LIBS)
	$(CC) $(CFLAGS) $(LDFLAGS) -pie -o $@ $^ \
	    -lcurl -lcjson -lqrencode -lcrypto -lsqlite3 -lpq -linih

$(BUILD)/emotpd: $(call obj,$(SERVER)) $(LIBS)
	$(CC) $(CFLAGS) $(LDFLAGS) -pie -pthread -o $@ $^ -levent_openssl \
	    -levent_core -levent_extra -lssl -lcurl -lcjson -lcrypto \
	    -lsqlite3 -lpq -linih

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# SQL and mail texts are sources; C sees them as string literals.
quote = sed -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/'

$(BUILD)/%.sql.h: common/state/%.sql
	@mkdir -p $(@D)
	$(quote) $< > $@
$(BUILD)/templates.h: $(TEMPLATES) Makefile
	@mkdir -p $(@D)
	for t in $(TEMPLATES); do l=$${t#etc/mail/}; n=$${t##*/}; \
	    printf '{"%s", "%s",\n' "$${l%%/*}" "$${n%.txt}"; \
	    $(quote) "$$t"; printf '},\n'; \
	    done > $@

$(BUILD)/web.h: $(WEB) server/embed
	@mkdir -p $(@D)
	server/embed $(WEB) > $@
$(BUILD)/server/file.o: $(BUILD)/web.h
$(BUILD)/common/state/store_sqlite.o: $(patsubst common/state/%,$(BUILD)/%.h, \
	$(wildcard common/state/*.sql))
$(BUILD)/common/state/store_postgres.o: $(BUILD)/store_postgres.sql.h
$(BUILD)/common/state/template.o: $(BUILD)/templates.h

-include $(patsubst %.c,$(BUILD)/%.d,$(SOURCES))

# Unit tests: one program for each file, linked with the same archives.
$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(LIBS)
	$(CC) $(CFLAGS) $(LDFLAGS) -pie -o $@ $(filter %.o,$^) $(filter %.a,$^) \
	    -lcmocka -lcurl -lcjson -lcrypto -lsqlite3 -lpq -linih
$(BUILD)/tests/unit/test_listen: $(BUILD)/server/listen.o
$(BUILD)/tests/unit/test_targets: $(BUILD)/server/targets.o
unit: $(patsubst %.c,$(BUILD)/%,$(UNIT))

# Fuzz targets: tests/fuzz/run builds them with clang, apart.
$(BUILD)/tests/fuzz/fuzz_%: $(call obj,tests/fuzz/fuzz_%.c tests/fuzz/fuzz.c \
    $(patsubst %,provision/%.c,google_file oath_line lines spool output \
    progress) server/http_head.c) $(LIBS)
	$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -pie -o $@ $^ \
	    -lcurl -lcjson -lcrypto -lsqlite3 -linih
fuzzers: $(patsubst %.c,$(BUILD)/%,$(FUZZ))
fuzz:
	@tests/fuzz/run $(FUZZ_TARGETS)

# Benchmarks: no test depends on them.
$(BUILD)/tests/bench/driver: $(call obj,tests/bench/driver.c)
	$(CC) $(CFLAGS) $(LDFLAGS) -rdynamic -fvisibility=default -pie -o $@ \
	    $^ -lpam
$(BUILD)/tests/bench/driver.o: override CFLAGS += -fvisibility=default
$(BUILD)/tests/bench/load: $(call obj,tests/bench/load.c \
    tests/bench/load_kinds.c) $(BUILD)/libemotp.a
	$(CC) $(CFLAGS) $(LDFLAGS) -pie -o $@ $^ -lssl -lcrypto
$(BUILD)/tests/bench/bare: $(call obj,tests/bench/bare.c)
	$(CC) $(CFLAGS) $(LDFLAGS) -pie -o $@ $^ -levent_openssl \
	    -levent_core -levent_extra -lssl -lcrypto -lsqlite3
$(BUILD)/tests/bench/countsync.so: $(call obj,tests/bench/countsync.c)
	$(CC) $(CFLAGS) -fvisibility=default -shared -o $@ $^
$(BUILD)/tests/bench/countsync.o: override CFLAGS += -fvisibility=default
$(BUILD)/tests/bench/atclock.so: $(call obj,tests/lib/atclock.c)
	$(CC) $(CFLAGS) -fvisibility=default -shared -o $@ $^
$(BUILD)/tests/lib/atclock.o: override CFLAGS += -fvisibility=default
# Two floors, with the same libraries in the same order.
$(BUILD)/tests/bench/pam_%.so: $(BUILD)/tests/bench/%.o $(LIBS)
	$(CC) $(CFLAGS) -Wl,-z,now -Wl,--no-as-needed -shared -o $@ $^ \
	    -lsqlite3 -lpam -lcrypto -linih
bench: bench-login bench-service bench-postgresql
bench-login: all $(patsubst %,$(BUILD)/tests/bench/%,driver pam_floor.so \
    pam_sqlite.so)
	@tests/bench/bench $(BUILD)
bench-service bench-postgresql: all $(patsubst %,$(BUILD)/tests/bench/%,driver load bare \
    countsync.so atclock.so)
	@BENCH_STORE=$(if $(findstring post,$@),postgresql,sqlite) \
	    tests/bench/service $(BUILD)

deps:
	@etc/deps

demo:
	@tests/demo/demo
try:
	@tests/demo/demo --try
pictures: all
	@tests/demo/pictures
	@tests/web/pictures
check:
	@tests/check
lint:
	@tests/lint
format:
	clang-format -i $(wildcard common/*.[ch] common/state/*.[ch] \
	    pam_emotp/*.[ch] provision/*.[ch] server/*.[ch] tests/*/*.[ch])

install: all
	install -D -m 0644 $(BUILD)/pam_emotp.so \
	    $(DESTDIR)$(PAMDIR)/pam_emotp.so
	install -D -m 0755 -t $(DESTDIR)$(PREFIX)/sbin \
	    $(BUILD)/emotp-provision $(BUILD)/emotpd
	for t in $(TEMPLATES); do install -D -m 0644 "$$t" \
	    "$(DESTDIR)$(PREFIX)/share/emotp/$${t#etc/}" || exit; done
	install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/doc/emotp/examples \
	    $(wildcard etc/examples/*) etc/emotp.conf
	install -D -m 0644 -t $(DESTDIR)$(UNITDIR) \
	    etc/systemd/emotpd.service etc/systemd/emotpd.socket
	install -D -m 0644 etc/systemd/emotp.sysusers \
	    $(DESTDIR)$(PREFIX)/lib/sysusers.d/emotp.conf
	install -D -m 0644 -t $(DESTDIR)$(MANDIR)/man8 \
	    pam_emotp/pam_emotp.8 provision/emotp-provision.8 server/emotpd.8
	install -D -m 0644 -t $(DESTDIR)$(MANDIR)/man5 etc/emotp.conf.5
	install -D -m 0644 etc/completion/emotp-provision.bash \
	    $(DESTDIR)$(BASHCOMP)/emotp-provision
	install -D -m 0644 -t $(DESTDIR)$(ZSHCOMP) \
	    etc/completion/_emotp-provision

# Leaves /etc/emotp and /var/lib/emotp: they are the administrator's.
uninstall:
	rm -f $(DESTDIR)$(PAMDIR)/pam_emotp.so \
	    $(DESTDIR)$(PREFIX)/sbin/emotp-provision \
	    $(DESTDIR)$(PREFIX)/sbin/emotpd \
	    $(DESTDIR)$(UNITDIR)/emotpd.service \
	    $(DESTDIR)$(UNITDIR)/emotpd.socket \
	    $(DESTDIR)$(PREFIX)/lib/sysusers.d/emotp.conf \
	    $(DESTDIR)$(BASHCOMP)/emotp-provision \
	    $(DESTDIR)$(ZSHCOMP)/_emotp-provision \
	    $(DESTDIR)$(MANDIR)/man8/pam_emotp.8 \
	    $(DESTDIR)$(MANDIR)/man8/emotp-provision.8 \
	    $(DESTDIR)$(MANDIR)/man8/emotpd.8 \
	    $(DESTDIR)$(MANDIR)/man5/emotp.conf.5
	rm -rf $(DESTDIR)$(PREFIX)/share/emotp \
	    $(DESTDIR)$(PREFIX)/share/doc/emotp

clean:
	rm -rf build

.PHONY: all unit fuzzers fuzz bench bench-login bench-service \
    bench-postgresql deps demo try pictures check lint format install \
    uninstall clean
.DELETE_ON_ERROR:
.SECONDARY:
