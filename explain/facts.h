/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * facts: what is known about a mapping that failed.
 *
 * They are gathered without privilege and only after a failure; causes.h draws
 * conclusions. A part that was not or could not be gathered is all zero, which implies
 * nothing.
 */
#ifndef SUBID_FACTS_H
#define SUBID_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "explain/cure.h"
#include "libsubid/core/entry.h"
#include "libsubid/core/idmap.h"
#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/user/owner.h"

/* The step that failed; its errno is in `error`, or 0. */
enum facts_step {
	FACTS_UNSHARE = 1, /* no user namespace could be made and mapped alone */
	FACTS_PROGRAM,	   /* PATH leads to no map writer, or not to the right one */
	FACTS_COUNT,	   /* too few ids are delegated, or the user's own among them */
	FACTS_SHARED,	   /* another user has some of the ids */
	FACTS_RENAMED,	   /* lines have a former name of the user */
	FACTS_ODD,	   /* a line has an owner that no login can have */
	FACTS_KUBELET,	   /* kubelet(8) does not take the ranges */
	FACTS_STORAGE,	   /* files of a container engine have other ids */
	FACTS_FILES,	   /* no file can have one of the ids */
	FACTS_AUTO,	   /* root's engines have no ids for --userns=auto */
	FACTS_PAUSE,	   /* a process of a container engine has other ids */
	FACTS_EXTENTS,	   /* too many, too long, or two that overlap */
	FACTS_TARGET,	   /* /proc/PID could not be opened */
	FACTS_CALLER,	   /* there is no passwd entry */
	FACTS_OWNER,	   /* the target's ids are not the caller's */
	FACTS_SOURCE,	   /* nsswitch.conf cannot be read, or a source fails */
	FACTS_DATABASE,	   /* the database cannot be used */
	FACTS_RANGE,	   /* the database does not grant it */
	FACTS_SETGROUPS,   /* /proc/PID/setgroups could not be written */
	FACTS_OPEN,	   /* the map could not be opened */
	FACTS_WRITE,	   /* the kernel refused the map */
};

struct facts_program {
	char path[256]; /* empty: not gathered */
	bool path_is_cut;
	uid_t owner;
	bool setuid;
	bool overridden;       /* see facts_is_overridden() */
	bool has_capabilities; /* stored with the file: */
	uint64_t capabilities;
	bool nosuid;
	bool owner_unmapped; /* in the caller's user namespace */
	bool traced;
	bool shares_fs; /* with its parent: CLONE_FS */
	bool no_root;	/* SECBIT_NOROOT */
	bool filtered;	/* by seccomp */
	uint64_t bounding;
};

enum facts_namespace {
	FACTS_NS_CHILD = 1, /* a child of ours, as it must be */
	FACTS_NS_OURS,
	FACTS_NS_OTHER, /* deeper, or foreign */
};

struct facts_target {
	const char *name; /* `1234`, `fd:5` */
	uid_t uid;
	gid_t gid;
	bool gone;     /* there is no such process (any more) */
	bool hidden;   /* it is the caller's, but /proc does not show it */
	bool not_proc; /* the descriptor is not a directory of a process */
	bool zombie;
	bool not_dumpable;
	int namespace; /* 0, or an enum facts_namespace */
	bool map_written;
	bool no_map; /* the directory has no map: not a process, or no user namespaces */
};

enum facts_proc {
	FACTS_PROC_MISSING = 1, /* nothing, or something else, is mounted on /proc */
	FACTS_PROC_OTHER,	/* it is that of another pid namespace */
};

/* Signs of security modules. */
struct facts_modules {
	bool selinux;	   /* it is enforcing */
	char apparmor[64]; /* the profile that is enforced for this program, or "" */
	bool denies;	   /* a file of the caller's cannot be opened for writing */
};

/* A malformed line that names the caller. */
struct facts_malformed {
	uint64_t number; /* 0: there is none */
	int fault;	 /* enum entry_fault */
	size_t len;
	char text[CURE_WORD_BYTES + 1]; /* its beginning */
	struct entry_repair repair;
	struct range range; /* what it was meant to grant; end 0: not known */
	bool refused;	    /* the caller may not be given these ids */
};

/* Lines of a database about the caller and the missing ids. */
struct facts_grants {
	bool readable;	    /* the caller may read the database */
	bool owns;	    /* any valid line of it names the caller: */
	struct range first; /* the first of the caller's ranges, */
	size_t ranges;	    /* how many there are */
	bool partly;	    /* some of what was asked for is granted */
	bool in_other_kind; /* the other database grants what is missing here */
	struct facts_malformed malformed;
	uint64_t taken; /* number of a line that gives missing ids to another user */
	char taken_by[LIMIT_OWNER_BYTES + 1];
};

/* Whose ids podman and CRI-O give to containers of root with --userns=auto. */
#define FACTS_AUTO_OWNER "containers"

/* Why a user is given no range without a choice of ids. */
enum facts_no_grant {
	FACTS_GRANT_FULL = 1, /* none is free within the bounds of login.defs(5) */
	FACTS_GRANT_COUNT,    /* the count in login.defs(5) is 0 */
	FACTS_GRANT_POOL,     /* the rule of the user's pool gives none */
	FACTS_GRANT_WRONG,    /* a rule or a setting is wrong */
	FACTS_GRANT_UNKNOWN,  /* something cannot be read */
};

/* Facts about the whole host, see subid-doctor(1). */
struct facts_host {
	/* Settings of the kernel; -1: it has no such setting. */
	int64_t max_namespaces;	    /* user.max_user_namespaces */
	int64_t unprivileged_clone; /* kernel.unprivileged_userns_clone */
	int64_t apparmor;	    /* kernel.apparmor_restrict_unprivileged_userns */
	/* FACTS_PROGRAM */
	const char *found;  /* the map writer that PATH leads to, or NULL */
	const char *wanted; /* the one that PATH should lead to, or NULL */
	const char *path;   /* PATH itself */
	/* FACTS_COUNT */
	uint64_t count;	  /* of delegated ids */
	struct range own; /* the one with the user's own id; end 0: none */
	/* FACTS_COUNT, FACTS_FILES, FACTS_KUBELET */
	struct range free; /* ids that can be given instead; end 0: none */
	struct range
		back;	  /* FACTS_RANGE: what the backup has, and is free; end 0: none */
	bool back_unsure; /* a former user of this name may have had it */
	int no_grant;	  /* FACTS_COUNT, FACTS_RANGE: 0, or an enum facts_no_grant */
	bool free_of_both; /* uids and gids */
	bool limited;	   /* this user namespace has not all ids */
	bool outermost;	   /* this is the initial user namespace */
	/* FACTS_STORAGE */
	const char *file;    /* a file with another owner, */
	const char *storage; /* in this directory */
	uint32_t owner;	     /* also FACTS_FILES, and its range is `own` */
	/* FACTS_KUBELET; `own` is the span of all its ranges */
	int fault; /* enum kubelet_fault; 0: `path` has no getsubids(1) */
	uint64_t pods;
	size_t ranges;	    /* of the kind; */
	struct range first; /* the first of them */
	/* FACTS_SHARED, FACTS_FILES, FACTS_KUBELET, about the range `own` */
	bool in_use; /* a process uses an id of it */
	bool enough; /* FACTS_FILES: enough ids are left without this range */
	/* FACTS_SHARED */
	const char *sharer;   /* the other owner with these ids */
	uint64_t sharer_line; /* the line that gives them to it */
	const char *loser;    /* the owner that is to lose the ids */
	bool sharer_unknown; /* the name service did not answer whether the other owner is
				a user */
	bool no_account;     /* the loser is no user */
	/* FACTS_PAUSE */
	pid_t pause;
	/* FACTS_ODD */
	uint64_t odd_line;
	const char *odd_text; /* the line */
	/* FACTS_RENAMED */
	const char *former;   /* the name or uid that the user had */
	uint64_t former_line; /* a line with it */
	bool former_by_home;  /* only the name of the home directory shows it */
	bool former_same_ids; /* only the same ids in the other database show it */
	bool both;	      /* lines of both databases have it */
	bool merge;	      /* the user has lines with the current name, too */
	const char
		*prefix; /* FACTS_RENAMED, FACTS_KUBELET: options of the command, or "" */
};

/* Lines of a database that grant the caller an id that is mapped twice. */
struct facts_twice {
	uint64_t lines[2]; /* the numbers of the first two; 0: there is none */
	struct range ranges[2];
	char owners[2][LIMIT_OWNER_BYTES + 1];
	uint32_t id;
};

/* The sources, if a plugin is among them. */
struct facts_sources {
	const struct nsswitch *nsswitch; /* NULL: the files alone */
	const char *plugin; /* the source that answered or, FACTS_SOURCE, could not */
	int fault;	    /* 0, or the enum plugin_fault of it */
	bool files;	    /* the files are among the sources */
	bool nobody;	    /* no source has a range for the caller */
	bool denied;	    /* the plugin lists the missing ids, but denies them */
};

struct facts {
	const struct kind *kind;
	enum facts_step step;
	int error;

	/* The caller. */
	uid_t uid;
	gid_t gid;
	const struct account *account; /* NULL: none */

	/* Capabilities that the write needed and the program was not started with. */
	uint64_t lacking;
	bool no_new_privs; /* when the program was started */

	/* The request. */
	bool too_many;
	bool lines_at_zero;	 /* all extents at inner 0 are lines of the caller */
	bool others_in_use;	 /* a process uses ids of those but the largest */
	int clash;		 /* 0, or an enum idmap_clash of these two */
	const struct idmap *map; /* NULL: not parsed */
	size_t bytes;		 /* of a map that is too long; and the limit */
	size_t bytes_max;
	size_t clash_a;
	size_t clash_b;
	struct facts_twice twice;
	size_t refused;	      /* FACTS_RANGE: an extent */
	struct range missing; /* the first part of it that is not granted */
	int name_service;     /* an errno: owners could not be looked up */
	int helper;	      /* 0, or the enum helper_fault why nothing could be asked */
	int proc;	      /* 0, or an enum facts_proc */
	bool hidepid;	      /* /proc is mounted with that option */
	bool link_broken;     /* the database is a symbolic link that leads to no file */
	/* The caller may act as the ids of the group: a member of it, or root. */
	bool member;

	/* The database that was read: its fault, or its status. */
	const struct dbfile *file;
	const struct facts_host *host; /* NULL: not gathered */
	struct facts_sources sources;  /* FACTS_SOURCE, FACTS_RANGE */
	struct facts_program program;
	struct facts_target target;
	struct facts_grants grants;
	struct facts_modules modules;
	/* Of the map and the mapping of the caller's own user namespace: */
	struct range unmapped; /* outer ids that it lacks; end 0: none */
	size_t divided;	       /* an extent that lies in several of its extents, */
	struct idmap pieces; /* and the same, divided; none if there is no such extent */
};

bool facts_file_capabilities(int fd, uint64_t *ret_permitted);
void facts_gather_program(struct facts *facts);
void facts_gather_program_file(struct facts *facts, const char *path);

/* How such a file is made setuid root so that dpkg leaves it so; the path follows. */
#define FACTS_OVERRIDE \
	"dpkg-statoverride --update --force-statoverride-add --add root root 4755 "
bool facts_is_overridden(const char *path);

void facts_gather_settings(int proc, struct facts_host *ret_host);
void facts_gather_target(struct facts *facts, int process, pid_t pid);
void facts_gather_namespace(struct facts *facts);
int facts_find_proc(void);
void facts_gather_proc(struct facts *facts);

/* A line of proc_pid_mountinfo(5). */
struct facts_mount {
	const char *point;
	const char *options;
	const char *type;
	const char *super; /* options of the file system */
};

bool facts_split_mount(char *text, struct facts_mount *ret_mount);

void facts_find_profile(const char *path, struct facts_modules *modules);
void facts_gather_modules(struct facts *facts, int process);
void facts_gather_file(struct facts *facts);
void facts_gather_grants(struct facts *facts);
void facts_judge_malformed(struct facts *facts, struct owner *owner, int fd, off_t size);
void facts_gather_twice(struct facts *facts);
void facts_gather_lines_at_zero(struct facts *facts);
bool facts_is_other_at_zero(const struct idmap *map, size_t extent);
void facts_take_grants(struct facts *facts, const struct range_set *granted);

#endif
