/*
 * The set-up's end by a signal. The handler may only write and exit, so its message is formatted beforehand;
 * that buffer is the one thing it shares with the program, replaced only while the signals are blocked.
 */
#include "init/interrupt.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/error.h"
#include "util/log.h"

static const int signals[INTERRUPT_SIGNALS] = {SIGALRM, SIGTERM, SIGINT, SIGQUIT, SIGHUP};

static struct {
	unsigned int seconds;
	char late[500];
	int late_length;
	char stopped[200];
	int stopped_length;
} message;

static void block(sigset_t *before)
{
	sigset_t set;

	sigemptyset(&set);
	for (int i = 0; i < INTERRUPT_SIGNALS; i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, before);
}

static void end(int number)
{
	const bool late = number == SIGALRM;

	if (write(STDERR_FILENO, late ? message.late : message.stopped,
		    (size_t)(late ? message.late_length : message.stopped_length)) < 0)
		_exit(FAIL_SYSTEM);
	_exit(late ? FAIL_DEADLINE : 128 + number);
}

void interrupt_doing(const char *what)
{
	char text[300];
	sigset_t before;

	snprintf(text, sizeof(text),
		"the set-up took longer than %u s (PARA_SETUP_TIMEOUT), while %s; the agent was not started",
		message.seconds, what);
	block(&before);
	message.late_length = log_format(message.late, sizeof(message.late), LOG_ERROR, text);
	message.late_length += log_format(message.late + message.late_length,
		(int)sizeof(message.late) - message.late_length, LOG_ERROR,
		"Container will not start to prevent insecure operation");
	message.stopped_length = log_format(message.stopped, sizeof(message.stopped), LOG_ERROR,
		"stopped by a signal during the set-up; the agent was not started");
	sigprocmask(SIG_SETMASK, &before, NULL);
}

void interrupt_begin(struct interrupt *interrupt, unsigned int seconds)
{
	struct sigaction action = {.sa_handler = end};
	sigset_t set;

	message.seconds = seconds;
	interrupt_doing("starting");
	sigfillset(&action.sa_mask);
	sigemptyset(&set);
	for (int i = 0; i < INTERRUPT_SIGNALS; i++) {
		sigaction(signals[i], &action, &interrupt->before[i]);
		sigaddset(&set, signals[i]);
	}
	/* the caller may have had them blocked */
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	alarm(seconds);
}

void interrupt_end(const struct interrupt *interrupt)
{
	alarm(0);
	for (int i = 0; i < INTERRUPT_SIGNALS; i++)
		sigaction(signals[i], &interrupt->before[i], NULL);
}
