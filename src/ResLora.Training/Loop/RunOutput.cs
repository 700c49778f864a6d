using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Training.Checkpoints;
using static TorchSharp.torch;

namespace ResLora.Training.Loop;

/// <summary>
/// All that a run writes into its folder: settings, metrics, TensorBoard's files, checkpoints, best and last. Of several processes only
/// number 0 writes; the others' calls do nothing.
/// </summary>
/// <param name="setup">The run.</param>
/// <param name="tell">Is told, in a sentence, what a user should know of a file.</param>
internal sealed class RunOutput(TrainSetup setup, Action<string> tell) : IDisposable
{
    private readonly CheckpointStore _checkpoints = new(setup.RunFolder);
    private RunLog? _log;
    private RunLock? _held;

    /// <summary>The folders of the run's checkpoints, the newest first; all processes read them.</summary>
    public IReadOnlyList<string> Checkpoints => _checkpoints.Folders;

    private bool Writes => setup.Communicator.Rank == 0;

    /// <summary>Takes the folder for the run and clears what an earlier process left half-written.</summary>
    /// <param name="resume">Whether a run that is there goes on.</param>
    /// <exception cref="ConfigException">There is a run and none is to go on, or none and one is to, or the disk refuses.</exception>
    public void Enter(bool resume)
    {
        if (Writes)
        {
            _held = RunStart.Enter(setup.RunFolder, resume);
            Leftovers.Sweep(setup.RunFolder);
            _checkpoints.Sweep();
        }
    }

    /// <summary>All is checked, and only now is anything written.</summary>
    /// <param name="step">The steps that are done.</param>
    /// <param name="evaluatedStep">The step of the last evaluation.</param>
    public void Begin(int step, int evaluatedStep)
    {
        if (Writes)
        {
            setup.SaveSettings?.Invoke();
            _log = new RunLog(setup.RunFolder, step, evaluatedStep, setup.Objective.SpeedUnit, tell);
        }
    }

    /// <summary>Adds numbers to the log.</summary>
    /// <param name="step">The step that they belong to.</param>
    /// <param name="metrics">The numbers by name.</param>
    public void Log(int step, IReadOnlyDictionary<string, double> metrics) => _log?.Write(step, metrics);

    /// <summary>Writes a checkpoint.</summary>
    /// <param name="state">Where the run stands.</param>
    /// <param name="tensors">What it needs to go on; asked for only where it is written.</param>
    /// <returns>The checkpoint's folder; null where nothing is written.</returns>
    public string? SaveCheckpoint(TrainerState state, Func<IEnumerable<KeyValuePair<string, Tensor>>> tensors)
    {
        if (!Writes)
        {
            return null;
        }

        _log?.Flush();
        MakeRoom(_checkpoints.FolderOf(state.Step));
        return _checkpoints.Save(state, tensors(), setup.SaveModel, setup.Config.KeepCheckpoints);
    }

    /// <summary>Writes what is trained.</summary>
    /// <param name="name">The folder in the run's: best or last.</param>
    public void SaveModel(string name)
    {
        if (Writes)
        {
            var path = Path.Combine(setup.RunFolder, name);
            MakeRoom(path);
            AtomicFolder.Write(path, setup.SaveModel, overwrite: true);
        }
    }

    /// <summary>Lets go of the folder.</summary>
    public void Dispose()
    {
        _log?.Dispose();
        _held?.Dispose();
    }

    private void MakeRoom(string path)
    {
        if (AtomicFolder.MoveAsideIfForeign(path) is { } aside)
        {
            tell($"'{path}' also held files that reslora did not write there; it is now '{aside}'.");
        }
    }
}
