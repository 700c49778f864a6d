using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Files;

namespace ResLora.Training.Loop;

/// <summary>
/// metrics.jsonl: a JSON object a line, written as soon as it is known. Lines of steps have <c>step</c>, <c>loss</c>,
/// <c>learning_rate</c>, <c>gradient_norm</c>, <c>tokens</c> and <c>seconds</c>; lines of evaluations <c>step</c> and <c>eval_…</c>.
/// </summary>
internal sealed class MetricsLog : IDisposable
{
    public const string FileName = "metrics.jsonl";

    private static readonly JsonSerializerOptions _options = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };
    private readonly FileStream _stream;

    /// <summary>Opens the log, and takes out lines that do not belong to the run's past, or were cut off.</summary>
    /// <param name="runFolder">The run's folder, which exists.</param>
    /// <param name="belongs">Whether a number belongs to it, by its name and the steps done.</param>
    public MetricsLog(string runFolder, Func<string, long, bool> belongs)
    {
        var path = Path.Combine(runFolder, FileName);
        var kept = File.Exists(path) ? File.ReadLines(path).Where(line => Belongs(line, belongs)).ToArray() : [];
        AtomicFile.WriteText(path, string.Concat(kept.Select(line => line + "\n")));
        _stream = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    public void Write(int step, IReadOnlyDictionary<string, double> values)
    {
        var line = new Dictionary<string, object> { ["step"] = step };
        foreach (var (name, value) in values)
        {
            line[name] = value;
        }

        var whole = _stream.Length;
        try
        {
            _stream.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(line, _options) + "\n"));
        }
        catch (IOException)
        {
            _stream.SetLength(whole);   // no half lines
            throw;
        }
    }

    /// <summary>Brings what was written to the disk itself.</summary>
    public void Flush() => DiskFlush.File(_stream);

    public void Dispose() => _stream.Dispose();

    private static bool Belongs(string line, Func<string, long, bool> belongs)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement.GetProperty("step").TryGetInt64(out var step)
                && json.RootElement.EnumerateObject().Where(value => value.Name != "step").All(value => belongs(value.Name, step));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return false;
        }
    }
}
