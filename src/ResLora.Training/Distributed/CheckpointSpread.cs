using ResLora.Training.Checkpoints;

namespace ResLora.Training.Distributed;

/// <summary>
/// Gives all ranks the checkpoint that rank 0 goes on from: the run's folder need not be on a disk that all hosts see.
/// </summary>
internal static class CheckpointSpread
{
    private const int PartBytes = 16 << 20;

    /// <summary>Sends what rank 0 has read.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="checkpoint">The checkpoint; null for none.</param>
    public static void Give(ICommunicator ranks, SavedCheckpoint? checkpoint)
    {
        if (ranks.Size == 1)
        {
            return;
        }

        ranks.BroadcastJson(checkpoint);
        if (checkpoint is null)
        {
            return;
        }

        using var file = File.OpenRead(checkpoint.TensorsPath);
        var part = new byte[PartBytes];
        int read;
        do
        {
            read = file.ReadAtLeast(part, PartBytes, throwOnEndOfStream: false);
            ranks.Broadcast(part.AsSpan(0, read));
        }
        while (read == PartBytes);
    }

    /// <summary>Receives it.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="use">Goes on from it; its files are there for so long. Not called when there is none.</param>
    public static void Take(ICommunicator ranks, Action<SavedCheckpoint> use)
    {
        if (ranks.BroadcastJson<SavedCheckpoint?>(null) is not { } theirs)
        {
            return;
        }

        var folder = Directory.CreateTempSubdirectory("reslora-checkpoint-").FullName;
        try
        {
            var mine = theirs with { Path = folder };
            using (var file = File.Create(mine.TensorsPath))
            {
                byte[] part;
                do
                {
                    part = ranks.Broadcast([]);
                    file.Write(part);
                }
                while (part.Length == PartBytes);
            }

            use(mine);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
