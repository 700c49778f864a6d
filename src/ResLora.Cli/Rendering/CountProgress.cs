using ResLora.Experiments.Evaluating;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows how many samples are done: a bar on a terminal, a line every tenth elsewhere.</summary>
internal sealed class CountProgress : IProgress<SamplesDone>
{
    private readonly Action<SamplesDone> _show;

    private CountProgress(Action<SamplesDone> show) => _show = show;

    /// <summary>Runs a job with its progress shown on the log.</summary>
    /// <typeparam name="T">What the job returns.</typeparam>
    /// <param name="context">The command's context.</param>
    /// <param name="what">What is being done, in a word.</param>
    /// <param name="job">The job.</param>
    /// <returns>What it returned.</returns>
    public static T Show<T>(CommandContext context, string what, Func<IProgress<SamplesDone>, T> job)
    {
        if (context.Streams.IsLive)
        {
            return context.Streams.Log.Progress().AutoClear(true).Start(live =>
            {
                var bar = live.AddTask(what);
                return job(new CountProgress(done => (bar.MaxValue, bar.Value) = (done.Total, done.Done)));
            });
        }

        var tenth = 0;
        return job(new CountProgress(done =>
        {
            if (done.Done * 10 / done.Total > tenth)
            {
                tenth = done.Done * 10 / done.Total;
                context.Log($"{what}: {done.Done} of {done.Total}");
            }
        }));
    }

    /// <inheritdoc />
    public void Report(SamplesDone value) => _show(value);
}
