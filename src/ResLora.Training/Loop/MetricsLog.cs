using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Training.Loop;

/// <summary>
/// metrics.jsonl: a JSON object a line, on the disk as soon as it is known. Lines of steps have <c>step</c>, <c>loss</c>,
/// <c>learning_rate</c>, <c>gradient_norm</c>, <c>tokens</c> and <c>seconds</c>; lines of evaluations <c>step</c> and <c>eval_…</c>.
/// </summary>
internal sealed class MetricsLog : IDisposable
{
    public const string FileName = "metrics.jsonl";

    private static readonly JsonSerializerOptions _options = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };
    private readonly StreamWriter _writer;

    /// <summary>Opens the log of a run that has done <paramref name="step"/> steps; lines beyond are of a future that did not happen.</summary>
    public MetricsLog(string runFolder, int step)
    {
        var path = Path.Combine(runFolder, FileName);
        try
        {
            Directory.CreateDirectory(runFolder);
            var kept = step > 0 && File.Exists(path) ? File.ReadLines(path).Where(line => StepOf(line) <= step).ToArray() : [];
            AtomicFile.WriteText(path, string.Concat(kept.Select(line => line + "\n")));
            _writer = new StreamWriter(path, append: true, new UTF8Encoding(false)) { AutoFlush = true, NewLine = "\n" };
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"'{path}' cannot be written: {error.Message}", error);
        }
    }

    public void Write(int step, IEnumerable<KeyValuePair<string, double>> values)
    {
        var line = new Dictionary<string, object> { ["step"] = step };
        foreach (var (name, value) in values)
        {
            line[name] = value;
        }

        _writer.WriteLine(JsonSerializer.Serialize(line, _options));
    }

    public void Dispose() => _writer.Dispose();

    /// <summary>The step of a line; a line that was cut off by a crash belongs to no step.</summary>
    private static int StepOf(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement.TryGetProperty("step", out var step) && step.TryGetInt32(out var value) ? value : int.MaxValue;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return int.MaxValue;
        }
    }
}
