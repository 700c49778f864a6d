using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Text.Data;
using ResLora.Text.Data.Chat;
using ResLora.Training;
using ResLora.Training.FineTuning;

namespace ResLora.Experiments.Verification.Chat;

/// <summary>
/// The kinds of case that conversations have. Where there is a model, it lies in a folder <c>models</c> beside the one that holds the
/// cases.
/// </summary>
internal static class ChatCases
{
    /// <summary>What these cases are called in reports.</summary>
    public const string Kind = "chat";

    /// <summary>The runners by the <c>kind</c> of case.json.</summary>
    public static IReadOnlyDictionary<string, Func<string, string, CaseReport>> Runners { get; } =
        new Dictionary<string, Func<string, string, CaseReport>>
        {
            ["chat_templates"] = ChatTemplateCase.Run,
            ["gguf_chat"] = ChatCase.Run,
            ["gguf_chat_training"] = ChatTrainingCase.Run,
        };

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
    /// <param name="failures">A sentence for each quantity that is more than a number; none when all is well.</param>
    /// <returns>The report.</returns>
    public static CaseReport Report(string name, IReadOnlyList<Quantity> quantities, IReadOnlyList<string> failures) =>
        CaseReport.Of(name, Kind, quantities, failures);
}
