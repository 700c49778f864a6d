using System.Globalization;
using ResLora.Experiments.Running;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Comparing;

/// <summary>Counts the runs, or the tests, of a comparison and says how much time the rest takes. Several threads may use it.</summary>
/// <param name="noun">What is counted: "Run".</param>
/// <param name="deed">What is done to each: "to train".</param>
/// <param name="total">All of them, those that are done already included.</param>
/// <param name="jobs">How many are done at once.</param>
/// <param name="progress">Is told; null for nobody.</param>
internal sealed class CompareStage(string noun, string deed, int total, int jobs, IProgress<RunEvent>? progress)
{
    private readonly Lock _lock = new();
    private int _begun;
    private int _timed;
    private TimeSpan _spent;

    /// <summary>One begins.</summary>
    /// <param name="name">What it is.</param>
    public void Begin(string name)
    {
        lock (_lock)
        {
            _begun++;
            progress?.Report(new StageStarted($"{noun} {_begun} of {total}: {name}{Left()}"));
        }
    }

    /// <summary>One was done before.</summary>
    public void Skip()
    {
        lock (_lock)
        {
            _begun++;
        }
    }

    /// <summary>One is done.</summary>
    /// <param name="time">How long it took.</param>
    public void End(TimeSpan time)
    {
        lock (_lock)
        {
            _timed++;
            _spent += time;
        }
    }

    private string Left()
    {
        if (_timed == 0)
        {
            return "";
        }

        var left = _spent / _timed * (total - _begun + 1) / jobs;
        var text = left.TotalHours >= 1 ? left.ToString(
            @"h\:mm\:ss", CultureInfo.InvariantCulture) : left.ToString(@"m\:ss", CultureInfo.InvariantCulture);
        return $" (about {text} for all that is left {deed})";
    }
}
