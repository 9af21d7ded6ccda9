/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/preflight_case.h"

#include <errno.h>
#include <jansson.h>

#include "preflight/checks.h"
#include "preflight/preflight_options.h"
#include "preflight/output.h"

static void fill(struct report *report)
{
	report_note(report, "Module-ip_vs", "ip_vs: loaded");
	report_note(report, "ConntrackTable", "half full");
	report_warning(report, "Sysctls", "a warning");
	report_cannot_tell(report, "Probe", "cannot probe");
	report_error(report, "Module-ip_vs_sh", ENOENT, "ip_vs_sh is not there");
	report_error(report, "Capabilities", EPERM, "in a user namespace");
}

static void expect_text(const struct report *report, const char *out_text,
			const char *err_text)
{
	char *out = NULL, *err = NULL;
	size_t out_length, err_length;
	FILE *out_file = open_memstream(&out, &out_length);
	FILE *err_file = open_memstream(&err, &err_length);

	output_text(report, "the status", out_file, err_file);
	fclose(out_file);
	fclose(err_file);
	assert_string_equal(out, out_text);
	assert_string_equal(err, err_text);
	free(out);
	free(err);
}

static void test_text(UNUSED void **state)
{
	struct report report = { 0 };

	fill(&report);
	expect_text(
		&report,
		"[preflight] ip_vs: loaded\n[preflight] ConntrackTable: half full\n",
		"\t[WARNING Sysctls]: a warning\n"
		"\t[WARNING Probe]: cannot probe\n"
		"[preflight] Some fatal errors occurred:\n"
		"\t[ERROR Module-ip_vs_sh]: ip_vs_sh is not there\n"
		"\t[ERROR Capabilities]: in a user namespace\n"
		"[preflight] If you know what you are doing, you can make a check non-fatal with `--ignore-preflight-errors=...`\n");
	report_ignore(&report, "ALL", checks_known);
	expect_text(&report,
		    "[preflight] ip_vs: loaded\n[preflight] ConntrackTable: half full\n"
		    "[preflight] the status\n",
		    "\t[WARNING Sysctls]: a warning\n"
		    "\t[WARNING Probe]: cannot probe\n"
		    "\t[WARNING Module-ip_vs_sh]: ip_vs_sh is not there\n"
		    "\t[WARNING Capabilities]: in a user namespace\n");
	report_clear(&report);
}

static void test_status(UNUSED void **state)
{
	struct report report = { 0 };
	char status[200];

	assert_string_equal(report_status(&report, 5, status, sizeof(status)),
			    "ready: 5 modules, 0 warnings");
	report_warning(&report, "Sysctls", "a warning");
	assert_string_equal(report_status(&report, 1, status, sizeof(status)),
			    "ready: 1 module, 1 warning");
	report_error(&report, "Module-ip_vs", ENOENT, "gone");
	assert_string_equal(report_status(&report, 1, status, sizeof(status)),
			    "not ready: Module-ip_vs: gone");
	report_error(&report, "Module-x", ENOENT, "gone");
	assert_string_equal(report_status(&report, 1, status, sizeof(status)),
			    "not ready: Module-ip_vs: gone, and 1 more error");
	report_ignore(&report, "module-IP_VS,,Module-x", checks_known);
	assert_string_equal(report_status(&report, 1, status, sizeof(status)),
			    "ready: 1 module, 3 warnings");
	report.incomplete = true;
	assert_string_equal(report_status(&report, 1, status, sizeof(status)),
			    "not ready: out of memory");
	report_clear(&report);
}

static void test_ignore_names_nothing(UNUSED void **state)
{
	struct report report = { 0 };

	report_error(&report, "Module-ip_vs", ENOENT, "gone");
	report_ignore(&report, "Module-x,Nonsense,Sysctls", checks_known);
	expect_report(
		&report,
		"error Module-ip_vs: gone\n"
		"warning IgnorePreflightErrors: --ignore-preflight-errors names 'Nonsense', and there is no such check\n");
}

static void test_a_finding_is_one_line(UNUSED void **state)
{
	struct report report = { 0 };

	report_warning(&report, "InputPolicy", "the chain `%s`", "x\nREADY=1\x1b[0m");
	expect_report(&report, "warning InputPolicy: the chain `x READY=1 [0m`\n");
}

static void test_json(UNUSED void **state)
{
	struct system system = { .root = "", .release = "6.1.0-test" };
	struct report report = { 0 };
	struct needs needs = { 0 };
	const json_t *module, *finding;
	json_t *root;
	char *text;

	fill(&report);
	report_ignore(&report, "Capabilities", checks_known);
	assert_int_equal(needs_add_scheduler(&needs, "rr", "test"), 0);
	strcpy(needs.items[0].cause, "not UTF-8: \xff");
	needs.items[0].presence = PRESENCE_LIVE;
	text = output_json(&system, &needs, &report, "the status");
	assert_non_null(text);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_true(json_is_false(json_object_get(root, "ready")));
	assert_string_equal(json_string_value(json_object_get(root, "status")),
			    "the status");
	assert_string_equal(json_string_value(json_object_get(root, "kernel")),
			    "6.1.0-test");
	module = json_array_get(json_object_get(root, "modules"), 0);
	assert_string_equal(json_string_value(json_object_get(module, "state")), "live");
	assert_string_equal(json_string_value(json_object_get(module, "cause")),
			    "(not valid UTF-8)");
	assert_int_equal(json_array_size(json_object_get(root, "findings")), 6);
	finding = json_array_get(json_object_get(root, "findings"), 5);
	assert_string_equal(json_string_value(json_object_get(finding, "level")),
			    "warning");
	assert_true(json_is_true(json_object_get(finding, "ignored")));
	assert_int_equal(json_integer_value(json_object_get(finding, "errno")), EPERM);
	json_decref(root);
	free(text);
	needs_clear(&needs);
	report_clear(&report);
}

enum { ARGUMENTS_MAX = 8 };

static void test_wrong_usage(UNUSED void **state)
{
	static const struct {
		const char *arguments[ARGUMENTS_MAX];
		const char *text;
	} usages[] = {
		{ { "--nonsense" }, "unknown option '--nonsense'" },
		{ { "-x" }, "unknown option '-x'" },
		{ { "--module" }, "--module needs a value" },
		{ { "--module", "a/b" }, "--module: 'a/b' cannot be a module's name" },
		{ { "--conn-tab-bits=7" },
		  "--conn-tab-bits: '7' is not a number in 8..27" },
		{ { "--conn-tab-bits=16x" },
		  "--conn-tab-bits: '16x' is not a number in 8..27" },
		{ { "--output=xml" }, "--output: 'xml' is neither text nor json" },
		{ { "--root", "/" }, "--root: '/' is not the directory of another tree" },
		{ { "--exec" }, "--exec: no command after it" },
		{ { "--exec", "--" }, "--exec: no command after it" },
		{ { "command" }, "unexpected argument 'command'" },
		{ { "--keep-cap=net_raw" }, "--keep-cap: only with --exec" },
		{ { "--keep-cap=x", "--exec", "true" },
		  "--keep-cap: there is no capability 'x'" },
		{ { "--root=/x", "--exec", "true" }, "--exec: not with --root" },
		{ { "--log-level=loud" },
		  "--log-level: 'loud' is none of error, warning, notice, info, debug" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(usages); i++) {
		char *argv[ARGUMENTS_MAX + 2] = { (char *)"ipvs-preflight" };
		struct config_file config = { 0 };
		struct preflight_options options;
		struct err err = { 0 };
		int argc = 1;

		while (usages[i].arguments[argc - 1]) {
			argv[argc] = (char *)usages[i].arguments[argc - 1];
			argc++;
		}
		assert_int_equal(preflight_options_parse(argc, argv, NULL, &config,
							 &options, &err),
				 -EINVAL);
		assert_string_equal(err.text, usages[i].text);
		preflight_options_clear(&options);
	}
}

static void test_usage(UNUSED void **state)
{
	char *argv[] = { (char *)"ipvs-preflight",
			 (char *)"--module=a",
			 (char *)"--module",
			 (char *)"b",
			 (char *)"--root=/x//",
			 (char *)"--check",
			 NULL };
	char *exec_argv[] = { (char *)"ipvs-preflight",
			      (char *)"--keep-cap=net_raw",
			      (char *)"--keep-cap=CAP_NET_ADMIN",
			      (char *)"--exec",
			      (char *)"--",
			      (char *)"run",
			      (char *)"--check",
			      NULL };
	struct config_file config = { 0 };
	struct preflight_options options;
	struct err err = { 0 };

	assert_int_equal(preflight_options_parse(6, argv, NULL, &config, &options, &err),
			 OPTIONS_OK);
	assert_int_equal(options.module_count, 2);
	assert_string_equal(options.modules[1], "b");
	assert_string_equal(options.root, "/x");
	assert_true(options.check);
	preflight_options_clear(&options);
	assert_int_equal(
		preflight_options_parse(7, exec_argv, NULL, &config, &options, &err),
		OPTIONS_OK);
	assert_false(options.check);
	assert_int_equal(options.keep_count, 2);
	assert_int_equal(options.keep[0], CAP_NET_ADMIN);
	assert_int_equal(options.keep[1], CAP_NET_RAW);
	assert_string_equal(options.command[0], "run");
	assert_string_equal(options.command[1], "--check");
	preflight_options_clear(&options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_ignore_names_nothing),
		cmocka_unit_test(test_a_finding_is_one_line),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_wrong_usage),
		cmocka_unit_test(test_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
