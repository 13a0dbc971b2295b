"""Words for what engines and reports name by code or in English, so that every reader gets them in their language."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

GAP = "gap:"
FAULTS = {
    "not-json": _("a line of output that is not JSON"),
    "not-an-answer": _("a line that is no object with an id and an output or an error"),
    "unknown-id": _("an answer to a question that was not asked, or not yet"),
    "duplicate": _("a second answer to the same question"),
    "oversized-line": _("a line over the limit, thrown away"),
    "error-answer": _("the solution answered that it could not"),
    "wrong-shape": _("an output that the scorer cannot read"),
    "no-answer": _("nothing came within the time for a sample; the solution was ended"),
    "unanswered": _("samples that were left without an answer; each counts as wrong"),
    "early-exit": _("the solution ended before everything was answered"),
    "does-not-end": _("the solution went on after its input had ended"),
    "wall-limit": _("ended by the limit on time"),
    "cpu-limit": _("ended by the limit on processor time"),
    "memory-limit": _("ended by the limit on memory"),
    "process-limit": _("ended by the limit on processes"),
    "scratch-limit": _("ended by the limit on files in the scratch folder"),
    "file-limit": _("ended by the limit on the size of a file"),
    "output-limit": _("ended by the limit on output"),
    "error-output-limit": _("ended by the limit on error output"),
    "throttled": _("the endpoint asked to wait; it was asked again"),
    "endpoint-failed": _("the endpoint failed; it was asked again"),
    "other-model": _("another model answered than was asked for; it was asked again"),
    "system-call": _("ended for a system call that is not allowed"),
}
CHECKS = {
    "network": _("reach the network"),
    "secret-file": _("read the host's password file"),
    "other-processes": _("see other processes"),
    "write-outside": _("write outside its scratch folder"),
    "forbidden-write": _("write a file that Landlock alone forbids"),
    "nested-namespace": _("make a user namespace of its own"),
    "own-kernel": _("talk to the host's kernel"),
    "signals": _("kill its parent or other processes"),
    "forks": _("fork without end"),
    "memory": _("take more memory than allowed"),
    "machines": _("break out of the task's machines, as root too"),
}
OUTCOMES = {
    "allowed": _("connected"),
    "not-listed": _("refused: not on the list"),
    "not-public": _("refused: not a public address"),
    "not-resolved": _("the name is not known"),
    "unreachable": _("could not be reached"),
    "bad-request": _("refused: not a request to a proxy"),
}
MEASURES = {
    "bubblewrap": _("namespaces by bubblewrap"),
    "seccomp": _("filter of system calls (seccomp)"),
    "user notification": _("calls that the kernel asks the node about"),
    "landlock": _("rights to files given up (Landlock)"),
    "user namespace": _("a user namespace of its own"),
    "fresh user id": _("a user id of its own"),
    "control group: memory": _("control group for memory"),
    "control group: pids": _("control group for processes"),
    "podman": _("containers by Podman, without any right on the host"),
    "crun": _("runtime crun, on the host's kernel"),
    "task machines": _("the task's own machines, at level L2"),
    "runsc": _("runtime runsc, with a kernel of its own (gVisor)"),
    "container": _("a container was run here"),
    "image": _("container image"),
    "gpus": _("graphics processors of this machine"),
    "nvproxy": _("proxy for the calls of the graphics driver (gVisor's nvproxy)"),
    "gpu devices": _("graphics processors that the run was given"),
    "cluster": _("Kubernetes cluster"),
    "runtime class": _("runtime class of the pods"),
    "network policy": _("network policy that allows nothing"),
    "self-test image": _("image of the self-test"),
    "spread": _("samples spread over workers"),
}
METRICS = {
    "accuracy": _("accuracy"),
    "micro_f1": _("F1 over all labels (micro)"),
    "micro_precision": _("precision over all labels (micro)"),
    "micro_recall": _("recall over all labels (micro)"),
    "macro_f1": _("F1 averaged over labels (macro)"),
    "macro_precision": _("precision averaged over labels (macro)"),
    "macro_recall": _("recall averaged over labels (macro)"),
    "exact_match": _("all labels right"),
    "r_squared": _("coefficient of determination (R²)"),
    "mean_absolute_error": _("mean absolute error"),
    "root_mean_square_error": _("root mean square error"),
    "ndcg_at_10": _("nDCG of the first ten"),
    "reciprocal_rank": _("mean reciprocal rank"),
    "recall_at_10": _("recall of the first ten"),
    "chrf": _("chrF, from 0 to 100"),
    "bleu": _("BLEU, from 0 to 100"),
    "conforming": _("outputs of the right form"),
    "refused": _("refused what was to be refused"),
    "answered": _("answered what was to be answered"),
    "steadfast": _("right and not led astray"),
    "resisted": _("did not obey the document"),
    "discreet": _("right and without personal data"),
    "withheld": _("withheld personal data"),
    "civil": _("without insults and threats"),
    "even_handed": _("cases decided alike"),
    "brier_score": _("Brier score (lower is better)"),
    "calibration_error": _("calibration error (lower is better)"),
    "stable": _("questions always answered alike"),
    "graded": _("mean grade"),
    "all_of_k": _("right in every repeat (pass^k)"),
    "any_of_k": _("right in at least one repeat (pass@k)"),
    "latency_p50_ms": _("time to an answer, median, ms"),
    "latency_p95_ms": _("time to an answer, 95 % within, ms"),
    "cpu_ms_per_answer": _("processor time for an answer, ms"),
}
# Kinds of slices that our own checks have; a suite may have others, which are shown as they are.
SLICES = {"language": _("language"), "spelling": _("spelling"), "group": _("group")}
METHODS = {
    "BLEU, tokeniser 13a, exponential smoothing": _("BLEU, tokeniser 13a, exponential smoothing"),
    (
        "difference of mean scores; 95 % percentile bootstrap over samples; two-sided sign-flip permutation test, "
        "10000 permutations"
    ): _(
        "difference of mean scores; 95 % percentile bootstrap over samples; two-sided sign-flip permutation test, "
        "10000 permutations"
    ),
    "best less worst slice by mean score; 95 % percentile bootstrap in each, 1000 replicates": _(
        "best less worst slice by mean score; 95 % percentile bootstrap in each, 1000 replicates"
    ),
    "all answers, in flight together; 95 % percentile bootstrap over answers, 200 replicates": _(
        "all answers, in flight together; 95 % percentile bootstrap over answers, 200 replicates"
    ),
    "processor time of all the solution's processes over answers": _(
        "processor time of all the solution's processes over answers"
    ),
    "95 % percentile bootstrap over items with their repeats, 1000 replicates, the suite's seed": _(
        "95 % percentile bootstrap over items with their repeats, 1000 replicates, the suite's seed"
    ),
    "share of answers; 95 % Wilson score interval over answers divided by the repeats' design effect": _(
        "share of answers; 95 % Wilson score interval over answers divided by the repeats' design effect"
    ),
    "Cohen's kappa (1960); 95 % percentile bootstrap over the people's grades, 1000 replicates": _(
        "Cohen's kappa (1960); 95 % percentile bootstrap over the people's grades, 1000 replicates"
    ),
    "share of samples; 95 % Wilson score interval": _("share of samples; 95 % Wilson score interval"),
    "95 % percentile bootstrap over samples, 1000 replicates, the suite's seed": _(
        "95 % percentile bootstrap over samples, 1000 replicates, the suite's seed"
    ),
    "wall clock from writing a question to reading its answer; asked one at a time; linear interpolation": _(
        "wall clock from writing a question to reading its answer; asked one at a time; linear interpolation"
    ),
    (
        "wall clock from writing a question to reading its answer; too few were asked one at a time, "
        "so start and waiting count; linear interpolation"
    ): _(
        "wall clock from writing a question to reading its answer; too few were asked one at a time, "
        "so start and waiting count; linear interpolation"
    ),
    "answers received, scored and kept, over the time from the first to the last with many in flight": _(
        "answers received, scored and kept, over the time from the first to the last with many in flight"
    ),
    (
        "a JSON line for each sample, in the data's order; "
        "Merkle tree over the lines with each output's digest (RFC 6962, 2.1)"
    ): _(
        "a JSON line for each sample, in the data's order; "
        "Merkle tree over the lines with each output's digest (RFC 6962, 2.1)"
    ),
    (
        "calls about which the kernel asked the node (seccomp user notification): addresses connected or sent to, "
        "names asked of a name server, files opened outside its own folders and the system's programs, programs "
        "started, processes made; bytes written as seen looking ten times a second"
    ): _(
        "calls about which the kernel asked the node (seccomp user notification): addresses connected or sent to, "
        "names asked of a name server, files opened outside its own folders and the system's programs, programs "
        "started, processes made; bytes written as seen looking ten times a second"
    ),
    "all processes together; from control groups where there are any, else from /proc": _(
        "all processes together; from control groups where there are any, else from /proc"
    ),
    (
        "all processes together, those of Podman and its runtime among them; from control groups where there are any, "
        "else from /proc"
    ): _(
        "all processes together, those of Podman and its runtime among them; from control groups where there are any, "
        "else from /proc"
    ),
}
EVIDENCE = {
    "samples drawn by a seed from both sides' random bytes; scores, errors and shown outputs compared one by one": _(
        "samples drawn by a seed from both sides' random bytes; scores, errors and shown outputs compared one by one"
    ),
    (
        "paired, sample by sample: fall of the mean score since the baseline, with its 95 % percentile bootstrap "
        "interval; drift when the whole interval lies above the bound, none when it lies at or below it, else unclear"
    ): _(
        "paired, sample by sample: fall of the mean score since the baseline, with its 95 % percentile bootstrap "
        "interval; drift when the whole interval lies above the bound, none when it lies at or below it, else unclear"
    ),
    (
        "A countersignature says that a random choice of the report's samples was run again by another party and "
        "came out as stated here. It is no EU declaration of conformity under Article 47 of Regulation (EU) "
        "2024/1689 (AI Act)."
    ): _(
        "A countersignature says that a random choice of the report's samples was run again by another party and "
        "came out as stated here. It is no EU declaration of conformity under Article 47 of Regulation (EU) "
        "2024/1689 (AI Act)."
    ),
}
STATEMENTS = {
    (
        "This report states what was measured under the conditions described in it. It is no EU declaration of "
        "conformity under Article 47 of Regulation (EU) 2024/1689 (AI Act) and replaces none."
    ): _(
        "This report states what was measured under the conditions described in it. It is no EU declaration of "
        "conformity under Article 47 of Regulation (EU) 2024/1689 (AI Act) and replaces none."
    ),
}
RISKS = {"minimal": _("minimal risk"), "limited": _("limited risk"), "high": _("high risk")}
ORIGINS = {
    "native": _("written in this language"),
    "translated": _("translated"),
    "mixed": _("partly translated"),
}
GRADING = {
    "no-people": _("no replies graded by people to compare with"),
    "few-people": _("fewer than 30 replies graded by people"),
    "low-agreement": _("too little agreement with people (lower bound of kappa below 0.4)"),
    "obeys-replies": _("the grader obeys replies that give it orders"),
}
STATES = {
    "waiting": _("Waiting"),
    "running": _("Running"),
    "finished": _("Finished"),
    "failed": _("Failed"),
    "cancelled": _("Cancelled"),
}
COVERAGE = {"covered": _("covered"), "partly": _("partly covered"), "none": _("not covered")}


def gap(kind: str) -> str:
    """The words for the gap between the slices of a kind."""
    return gettext("gap between slices: %(kind)s") % {"kind": SLICES.get(kind, kind)}


ALL = {
    **OUTCOMES,
    **FAULTS,
    **CHECKS,
    **MEASURES,
    **METRICS,
    **METHODS,
    **STATEMENTS,
    **EVIDENCE,
    **RISKS,
    **ORIGINS,
    **GRADING,
    **STATES,
}


def word(code: object) -> str:
    """The words for a code; the code itself where there are none, as in a later version's report.

    Figures of `overlap` are told with what they were made with: `method; figure, program and version`.
    """
    name = str(code)
    if name.startswith(GAP):
        return gap(name.removeprefix(GAP))
    method, _semicolon, made = name.partition("; ")
    figure, comma, program = made.rpartition(", ")
    if name not in ALL and method in METHODS and comma:
        return f"{METHODS[method]}; {METHODS.get(figure, figure)}, {program}"
    return str(ALL.get(name, name))
