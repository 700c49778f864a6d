using System.Diagnostics;
using System.Globalization;
using ResLora.Formats;
using ResLora.Hub;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows a download while it goes on: one line that is redrawn on a terminal, now and then a new line elsewhere.</summary>
internal sealed class DownloadProgress : IProgress<HubProgress>
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(5);

    private readonly CommandContext _context;
    private readonly ProgressTask? _bar;
    private readonly Stopwatch _watch = new();
    private TimeSpan _lastLine;
    private long _bytesAtFirst;

    /// <summary>Writes lines.</summary>
    /// <param name="context">The command's context.</param>
    public DownloadProgress(CommandContext context)
        : this(context, null)
    {
    }

    private DownloadProgress(CommandContext context, ProgressTask? bar) => (_context, _bar) = (context, bar);

    /// <summary>Runs a job with its downloads shown on the log.</summary>
    /// <typeparam name="T">What the job returns.</typeparam>
    /// <param name="context">The command's context.</param>
    /// <param name="job">The job.</param>
    /// <returns>What it returned.</returns>
    public static T Show<T>(CommandContext context, Func<IProgress<HubProgress>, T> job) => !context.Streams.IsLive
        ? job(new DownloadProgress(context))
        : context.Streams.Log.Progress()
            .AutoClear(true)
            .Columns(new ProgressBarColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(live => job(new DownloadProgress(context, live.AddTask("asking for the files", autoStart: true, maxValue: 1))));

    /// <summary>How far a download is, as one line.</summary>
    /// <param name="progress">How far it is.</param>
    /// <param name="bytesAtFirst">How many bytes were here when it began.</param>
    /// <param name="elapsed">How long it has been going on.</param>
    /// <returns>The line.</returns>
    public static string Line(HubProgress progress, long bytesAtFirst, TimeSpan elapsed)
    {
        var perSecond = elapsed > TimeSpan.Zero ? (progress.Bytes - bytesAtFirst) / elapsed.TotalSeconds : 0;
        const double months = 1e7;
        var left = (progress.TotalBytes - progress.Bytes) / perSecond is >= 0 and < months and var seconds
            ? $", {Tables.Time(TimeSpan.FromSeconds(seconds))} left"
            : "";
        var speed = perSecond >= 1 ? $", {ByteSize.Format((long)perSecond)}/s{left}" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{progress.Name}: {ByteSize.Format(progress.Bytes)} of {ByteSize.Format(progress.TotalBytes)}, "
            + $"file {Math.Min(progress.Files + 1, progress.TotalFiles)} of {progress.TotalFiles}{speed}");
    }

    /// <inheritdoc />
    public void Report(HubProgress value)
    {
        // What was here already says nothing of the network's speed.
        if (!_watch.IsRunning)
        {
            _bytesAtFirst = value.Bytes;
            _watch.Start();
        }

        var line = Line(value, _bytesAtFirst, _watch.Elapsed);
        if (_bar is not null)
        {
            (_bar.MaxValue, _bar.Value, _bar.Description) = (Math.Max(value.TotalBytes, 1), value.Bytes, line);
        }
        else if (_watch.Elapsed - _lastLine >= _pause)
        {
            _lastLine = _watch.Elapsed;
            _context.Log(line);
        }
    }
}
