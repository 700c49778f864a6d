using System.Text.Json;
using ResLora.Experiments.Workloads.Generation;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Json;
using ResLora.Text.Data;
using ResLora.Text.Data.Chat;
using ResLora.Training;

namespace ResLora.Experiments.Verification.Chat;

/// <summary>
/// The kinds of case that conversations have. Where there is a model, it lies in a folder <c>models</c> beside the one that holds the
/// cases.
/// </summary>
internal static class ChatCases
{
    /// <summary>What these cases are called in reports.</summary>
    public const string Kind = "chat";

    /// <summary>The runner of a folder's case.</summary>
    /// <param name="folder">The folder, with case.json.</param>
    /// <returns>Runs it, given its name and the folder; null when the case is of another kind.</returns>
    public static Func<string, string, CaseReport>? Find(string folder)
    {
        using var file = CheckedJson.Read(Path.Combine(folder, "case.json"));
        var root = file.RootElement;
        return (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("kind", out var kind) ? kind.ToString() : null) switch
        {
            "chat_templates" => ChatTemplateCase.Run,
            "gguf_chat" => ChatCase.Run,
            "gguf_chat_training" => ChatTrainingCase.Run,
            _ => null,
        };
    }

    /// <summary>The model of a case.</summary>
    /// <param name="folder">The folder, with case.json.</param>
    /// <param name="file">Its content.</param>
    /// <exception cref="ConfigException">It is not there.</exception>
    public static string ModelOf(string folder, JsonElement file)
    {
        var name = file.GetProperty("model").GetString()!;
        for (var around = Path.GetDirectoryName(Path.GetFullPath(folder)); around is not null; around = Path.GetDirectoryName(around))
        {
            var path = Path.Combine(around, "models", name);
            if (Path.Exists(path))
            {
                return path;
            }
        }

        throw new ConfigException($"{folder}: its model '{name}' lies in no folder 'models' around it.");
    }

    /// <summary>What writes conversations for a model.</summary>
    /// <param name="session">The model.</param>
    public static ChatEncoder EncoderOf(ModelSession session) =>
        ModelChat.Of(session, new ChatUse(), [new Sample("a", "b")])
        ?? throw new FileFormatException($"{session.ModelFolder} has no chat template.");

    /// <summary>The objects of a file, a line each.</summary>
    /// <param name="path">The file.</param>
    public static IReadOnlyList<JsonElement> Lines(string path)
    {
        const long most = 1 << 26;
        var lines = InputFile.ReadText(path, most).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.Select(line => JsonSerializer.Deserialize<JsonElement>(line))];
    }

    /// <summary>The report on a case.</summary>
    /// <param name="name">The case's name.</param>
    /// <param name="quantities">What was compared.</param>
    /// <param name="failures">A sentence for each that failed; none when all is well.</param>
    /// <returns>The report.</returns>
    public static CaseReport Report(string name, IReadOnlyList<Quantity> quantities, IReadOnlyList<string> failures) => new(
        name,
        Kind,
        quantities.Count > 0 && quantities.All(quantity => quantity.Passed) ? CaseStatus.Passed : CaseStatus.Failed,
        quantities,
        quantities.Count == 0 ? "there is nothing to compare" : failures.Count > 0 ? string.Join("; ", failures) : null);
}
