using System.Buffers.Binary;
using Google.Protobuf;
using ResLora.Formats.Files;
using Tensorboard;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Training.Loop;

/// <summary>The numbers of a run as TensorBoard's event files: one for each start of the run.</summary>
internal sealed class TensorBoardLog
{
    public const string FolderName = "tensorboard";

    // A record: the length of its event in 8 bytes, a sum of it in 4, the event, a sum of that in 4.
    private const int LengthBytes = 8, SumBytes = 4;

    private readonly SummaryWriter _writer;

    /// <summary>Begins a file, and takes out of earlier ones what does not belong to the run's past.</summary>
    /// <param name="runFolder">The run's folder.</param>
    /// <param name="belongs">Whether a number belongs to it, by its name and the steps done.</param>
    public TensorBoardLog(string runFolder, Func<string, long, bool> belongs)
    {
        var folder = Directory.CreateDirectory(Path.Combine(runFolder, FolderName)).FullName;
        foreach (var file in Directory.GetFiles(folder, "events.out.tfevents.*"))
        {
            Cut(file, belongs);
        }

        _writer = utils.tensorboard.SummaryWriter(folder);
    }

    public void Write(int step, IReadOnlyDictionary<string, double> values)
    {
        foreach (var (name, value) in values)
        {
            _writer.add_scalar(name, (float)value, step);
        }
    }

    private static void Cut(string file, Func<string, long, bool> belongs)
    {
        var content = File.ReadAllBytes(file);
        var kept = Records(content).Where(record => Belongs(content[record], belongs)).ToArray();
        if (kept.Sum(record => record.End.Value - record.Start.Value) < content.Length)
        {
            AtomicFile.Write(file, stream =>
            {
                foreach (var record in kept)
                {
                    stream.Write(content.AsSpan(record));
                }
            });
        }
    }

    /// <summary>Where each whole record lies; one that was cut off, and what follows it, is none.</summary>
    private static IEnumerable<Range> Records(byte[] content)
    {
        for (var start = 0; start + LengthBytes + SumBytes <= content.Length;)
        {
            var length = BinaryPrimitives.ReadUInt64LittleEndian(content.AsSpan(start));
            if (length > (ulong)(content.Length - start))
            {
                yield break;
            }

            var end = start + LengthBytes + SumBytes + (int)length + SumBytes;
            if (end > content.Length)
            {
                yield break;
            }

            yield return start..end;
            start = end;
        }
    }

    private static bool Belongs(byte[] record, Func<string, long, bool> belongs)
    {
        try
        {
            var written = Event.Parser.ParseFrom(record, LengthBytes + SumBytes, record.Length - LengthBytes - (2 * SumBytes));
            return written.Summary is null || written.Summary.Value.All(value => belongs(value.Tag, written.Step));
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
    }
}
