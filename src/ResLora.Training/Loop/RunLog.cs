using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Training.Loop;

/// <summary>
/// The numbers of a run, in metrics.jsonl and for TensorBoard. A run is worth more than its log: a disk that refuses a line is told
/// once, and the run goes on.
/// </summary>
internal sealed class RunLog : IDisposable
{
    /// <summary>What every step logs; all other numbers are those of evaluations.</summary>
    private static readonly string[] _ofSteps = ["loss", "learning_rate", "gradient_norm", "seconds", "shortcut_weight"];

    private readonly Action<string> _tell;
    private readonly MetricsLog _metrics;
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private TensorBoardLog? _tensorBoard;

    /// <summary>Opens the log of a run that has done some steps. What it has of later ones is of a future that did not happen.</summary>
    /// <param name="runFolder">The run's folder, which exists.</param>
    /// <param name="step">The steps done.</param>
    /// <param name="evaluatedStep">The step of the last evaluation.</param>
    /// <param name="speedUnit">What steps count what they read in.</param>
    /// <param name="tell">Is told, in a sentence, when something cannot be written.</param>
    /// <exception cref="ConfigException">The disk refuses from the start.</exception>
    public RunLog(string runFolder, int step, int evaluatedStep, string speedUnit, Action<string> tell)
    {
        _tell = tell;
        bool Belongs(string name, long of) => of <= (name == speedUnit || _ofSteps.Contains(name) ? step : evaluatedStep);
        try
        {
            _metrics = new MetricsLog(runFolder, Belongs);
            _tensorBoard = new TensorBoardLog(runFolder, Belongs);
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            throw DiskFault.Of($"The log of the run in '{runFolder}'", error);
        }
    }

    /// <summary>Writes a line.</summary>
    public void Write(int step, IReadOnlyDictionary<string, double> values)
    {
        Try(MetricsLog.FileName, () => _metrics.Write(step, values));
        if (!Try(TensorBoardLog.FolderName, () => _tensorBoard?.Write(step, values)))
        {
            // Behind half a record nothing can be read.
            _tensorBoard = null;
        }
    }

    /// <summary>Brings what was written to the disk itself, before a checkpoint counts on it.</summary>
    public void Flush() => Try(MetricsLog.FileName, _metrics.Flush);

    public void Dispose() => _metrics.Dispose();

    private bool Try(string name, Action write)
    {
        try
        {
            write();
            return true;
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            if (_told.Add(name))
            {
                _tell($"{name} cannot be written, and the run goes on without: {error.Message}");
            }

            return false;
        }
    }
}
