using System.Diagnostics;
using System.Globalization;
using ResLora.Adapters.Merging;
using ResLora.Experiments.Evaluating;
using ResLora.Experiments.Imagining;
using ResLora.Experiments.Merging;
using ResLora.Experiments.Running;
using ResLora.Formats;
using ResLora.Training.Loop;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows a run while it goes on: one line that is redrawn on a terminal, now and then a new line elsewhere.</summary>
internal sealed class RunProgress : IProgress<RunEvent>
{
    private const int PlainLines = 10;
    private static readonly TimeSpan _plainPause = TimeSpan.FromSeconds(15);

    private readonly CommandContext _context;
    private readonly ProgressTask? _bar;
    private long _lastLine = Stopwatch.GetTimestamp();
    private int _lastDone;

    private RunProgress(CommandContext context, ProgressTask? bar) => (_context, _bar) = (context, bar);

    /// <summary>Runs a job with its progress shown on the log.</summary>
    /// <typeparam name="T">What the job returns.</typeparam>
    /// <param name="context">The command's context.</param>
    /// <param name="job">The job.</param>
    /// <returns>What it returned.</returns>
    public static T Show<T>(CommandContext context, Func<IProgress<RunEvent>, T> job)
    {
        if (!context.Streams.IsLive)
        {
            return job(new RunProgress(context, null));
        }

        return context.Streams.Log.Progress()
            .AutoClear(true)
            .Columns(new ProgressBarColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(live => job(new RunProgress(context, live.AddTask("preparing", autoStart: true, maxValue: 1))));
    }

    /// <summary>A step as one line.</summary>
    public static string Line(StepDone step) => string.Create(
        CultureInfo.InvariantCulture,
        $"step {step.Step}/{step.TotalSteps}  loss {step.Loss:0.0000}  lr {step.LearningRate:0.0e+0}  "
        + $"{step.Speed:N0} {step.SpeedUnit}/s  {Tables.Time(step.Remaining)} left");

    /// <summary>An evaluation as one line.</summary>
    public static string Line(EvaluationDone done) =>
        $"evaluation at step {done.Step}: {string.Join(", ", done.Metrics.Select(m => $"{m.Key} {Tables.Number(m.Value)}"))}{(done.IsBest ? " (best so far)" : "")}";

    /// <summary>How many answers are there, as one line.</summary>
    public static string Line(SamplesDone samples) => $"answered {samples.Done} of {samples.Total}";

    /// <summary>How far a picture is, as one line.</summary>
    public static string Line(PictureStep picture) =>
        $"picture {picture.Picture} of {picture.Pictures}: step {picture.Done} of {picture.Total}";

    /// <summary>How far a calibration is, as one line.</summary>
    public static string Line(CalibrationProgress calibration) =>
        $"calibrating: pass {calibration.Pass} of {calibration.Passes}, batch {calibration.Batch} of {calibration.Batches}, {ByteSize.Format(calibration.Bytes)}";

    /// <inheritdoc />
    public void Report(RunEvent value)
    {
        switch (value)
        {
            case RunStarted started:
                Write(Tables.Facts(started.Facts));
                break;
            case RunPlanned planned:
                Write(Tables.Facts(PlanView.Facts(planned.Plan)));
                foreach (var cut in PlanView.Cuts(planned.Plan))
                {
                    WriteLine(cut);
                }

                break;
            case StepDone step when _bar is not null:
                (_bar.MaxValue, _bar.Value, _bar.Description) = (step.TotalSteps, step.Step, Line(step));
                break;
            case StepDone step when IsDue(step.Step, step.TotalSteps):
                _context.Log(Line(step));
                break;
            case SamplesDone samples when _bar is not null:
                (_bar.MaxValue, _bar.Value, _bar.Description) = (samples.Total, samples.Done, Line(samples));
                break;
            case SamplesDone samples when IsDue(samples.Done, samples.Total):
                _context.Log(Line(samples));
                break;
            case PictureStep picture when _bar is not null:
                (_bar.MaxValue, _bar.Value, _bar.Description) = (picture.Total, picture.Done, Line(picture));
                break;
            case PictureStep picture when picture.Done == picture.Total:
                _context.Log(Line(picture));
                break;
            case CalibrationAdvanced { Progress: var calibration } when _bar is not null:
                (_bar.MaxValue, _bar.Value, _bar.Description) = (
                    calibration.Passes * calibration.Batches,
                    ((calibration.Pass - 1) * calibration.Batches) + calibration.Batch,
                    Line(calibration));
                break;
            case CalibrationAdvanced { Progress: var calibration } when IsDue(
                ((calibration.Pass - 1) * calibration.Batches) + calibration.Batch, calibration.Passes * calibration.Batches):
                _context.Log(Line(calibration));
                break;
            case StageStarted stage:
                _lastDone = 0;
                WriteLine(stage.Name);
                break;
            case EvaluationDone done:
                WriteLine(Line(done));
                break;
            case CheckpointSaved saved:
                if (_context.IsVerbose)
                {
                    WriteLine($"checkpoint at step {saved.Step}: {saved.Path}");
                }

                break;
            case EarlyStopped early:
                WriteLine(early.Reason);
                break;
            case Note note:
                WriteLine(note.Text);
                break;
            default:
                break;
        }
    }

    private bool IsDue(int done, int total)
    {
        // A count that starts again belongs to the next stage.
        _lastDone = Math.Min(_lastDone, done);
        var due = done == total || (done - _lastDone) * PlainLines >= total || Stopwatch.GetElapsedTime(_lastLine) > _plainPause;
        if (due)
        {
            (_lastLine, _lastDone) = (Stopwatch.GetTimestamp(), done);
        }

        return due;
    }

    private void WriteLine(string text) => Write(new Prose(text));

    /// <summary>Through the console, which knows how to write above a line that is redrawn.</summary>
    private void Write(Spectre.Console.Rendering.IRenderable what) => _context.Streams.Log.Write(new ClearedLines(what));
}
