using ResLora.Formats;
using ResLora.Formats.HuggingFace;
using ResLora.Hub;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows what was brought from a hub.</summary>
internal static class PullView
{
    private static readonly string[] _adapters = ["adapter_config.json", "reslora_config.json", "pytorch_lora_weights.safetensors"];

    /// <summary>The JSON document.</summary>
    /// <param name="snapshot">What is here.</param>
    public static object Document(HubSnapshot snapshot) => new
    {
        snapshot.Repository.Kind,
        Repository = snapshot.Repository.Id,
        snapshot.Commit,
        Name = snapshot.Reference.ToString(),
        snapshot.Place,
        snapshot.Bytes,
        snapshot.DownloadedBytes,
        snapshot.Files,
        Next = Next(snapshot),
    };

    /// <summary>Draws it.</summary>
    /// <param name="snapshot">What is here.</param>
    /// <param name="terminal">Where to.</param>
    public static void Draw(HubSnapshot snapshot, IAnsiConsole terminal)
    {
        var table = Tables.Of("file", "size>");
        foreach (var file in snapshot.Files)
        {
            table.Row(file.Path, ByteSize.Format(file.Bytes));
        }

        terminal.Write(table);
        Tables.Sentence(
            terminal,
            $"{snapshot.Files.Count} {(snapshot.Files.Count == 1 ? "file" : "files")}, {ByteSize.Format(snapshot.Bytes)}; "
            + (snapshot.DownloadedBytes == 0 ? "all were here already." : $"{ByteSize.Format(snapshot.DownloadedBytes)} came over the network."));
        Tables.Line(terminal, $"Name with its commit: {snapshot.Reference}");
        Tables.Line(terminal, $"Place: {snapshot.Place}");
        NextCommands.Draw(Next(snapshot), terminal);
    }

    /// <summary>What to do with it.</summary>
    private static string[] Next(HubSnapshot snapshot)
    {
        var name = new HubReference(snapshot.Repository.Id, Path: snapshot.Reference.Path).ToString();
        if (snapshot.Repository.Kind == HubKind.Dataset)
        {
            var data = snapshot.Reference.Path is null && snapshot.Files is [var only] ? $"{name}/{only.Path}" : name;
            return [NextCommands.Of($"train --model my-model --data {ShellWord.Quote(data)}")];
        }

        if (snapshot.Files is [{ Path: var file }, ..] && file.EndsWith(".gguf", StringComparison.Ordinal))
        {
            var model = snapshot.Reference.Path is null ? $"{name}/{file}" : name;
            return
            [
                NextCommands.Of($"inspect {ShellWord.Quote(model)}"),
                NextCommands.Of($"generate --model {ShellWord.Quote(model)} --prompt 'Once upon a time'"),
            ];
        }

        return snapshot.Files.Any(saved => _adapters.Contains(Path.GetFileName(saved.Path)))
            ? [NextCommands.Of($"inspect {ShellWord.Quote(name)}")]
            :
            [
                NextCommands.Of($"inspect {ShellWord.Quote(name)}"),
                NextCommands.Of($"train --model {ShellWord.Quote(name)} --data questions.csv"),
            ];
    }
}
