using System.Buffers.Binary;
using Tensorboard;

namespace ResLora.Tests.Training;

/// <summary>Reads TensorBoard's event files.</summary>
internal static class EventFile
{
    /// <summary>The numbers in a file; a file that ends in the middle of a record throws.</summary>
    public static IEnumerable<(string Name, int Step)> Points(string path)
    {
        var content = File.ReadAllBytes(path);
        for (var start = 0; start < content.Length;)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(content.AsSpan(start));
            var written = Event.Parser.ParseFrom(content, start + 12, length);
            foreach (var value in written.Summary?.Value.AsEnumerable() ?? [])
            {
                yield return (value.Tag, (int)written.Step);
            }

            start += 12 + length + 4;
        }
    }
}
