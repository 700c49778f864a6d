using ResLora.Experiments.Sharing;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Training.Distributed;

namespace ResLora.Experiments.Comparing.Farming;

/// <summary>To see whether a rank has what runs need: the folder that number 0 writes to, the same model and data, and memory.</summary>
/// <param name="Mark">A file that number 0 has just written into the folder.</param>
/// <param name="Text">What it holds, which no other file does.</param>
/// <param name="Files">Where model and data lie, by what they are.</param>
/// <param name="Sources">Their digests, by the same names.</param>
/// <param name="Memory">What the largest run takes, in bytes; 0 where nobody knows.</param>
internal sealed record CheckTask(
    string Mark, string Text, IReadOnlyDictionary<string, string> Files, IReadOnlyDictionary<string, string> Sources, long Memory)
    : FarmTask
{
    /// <inheritdoc />
    protected override object Do(ICommunicator ranks, CancellationToken stop)
    {
        if (!IsShared())
        {
            throw new ConfigException(
                $"it does not see what rank 0 writes to '{Path.GetDirectoryName(Mark)}'; "
                + "the folder must lie on a disk that all hosts share, under one path");
        }

        foreach (var (name, path) in Files)
        {
            if (!Path.Exists(path))
            {
                throw new ConfigException($"it does not see the {name} '{path}'; all hosts must have it under the same path");
            }

            stop.ThrowIfCancellationRequested();
            if (ContentDigest.Of(name, path) != Sources[name])
            {
                throw new ConfigException($"its {name} '{path}' is not the one of rank 0; give all hosts the same files");
            }
        }

        JobCount.RequireRoomOfRanks(Memory, ProcessorShare.RanksHere(ranks));
        return true;
    }

    private bool IsShared()
    {
        try
        {
            return File.ReadAllText(Mark) == Text;
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            return false;
        }
    }
}
