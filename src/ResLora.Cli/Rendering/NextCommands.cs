using System.Globalization;
using ResLora.Experiments.Places;
using ResLora.Experiments.Quickstart;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Command lines to go on with, which run from the current folder as they are.</summary>
internal static class NextCommands
{
    private const string SeenBefore = " --limit 100   # these are training data: better name data that it has not seen";

    /// <summary>Draws them.</summary>
    public static void Draw(IEnumerable<string> commands, IAnsiConsole terminal)
    {
        Tables.Line(terminal, "");
        Tables.Line(terminal, "Try next:");
        foreach (var command in commands)
        {
            Tables.Line(terminal, $"  {command}");
        }
    }

    /// <summary>After a fine-tuning run: measure it, merge it, use it.</summary>
    public static IReadOnlyList<string> After(RunConfig config, TrainReport report)
    {
        var run = new RunFolder(report.RunFolder);
        var (model, saved) = (Word(config.Model), Word(run.BestOrLast));
        var hasAdapter = config.Adapter is not null || config.StartFrom is not null;
        var tuned = hasAdapter ? $"--model {model} --adapter {saved}" : $"--model {saved}";
        var merged = Word(Path.Combine(report.RunFolder, "merged"));
        var merge = hasAdapter ? new[] { $"{Tool} merge --adapter {saved} --as model --output {merged}" } : [];
        return
        [
            $"{Tool} evaluate {tuned} --task {config.Task} {Data(config.Data)}",
            .. merge,
            report.PicturePrompt is { } caption
                ? $"{Tool} imagine {tuned} {Wish(config.Samples, caption)} --output {Word(Path.Combine(report.RunFolder, "picture.png"))}"
                : report.Prompt is { } prompt
                ? $"{Tool} generate{(report.IsChat ? " --chat" : "")} {tuned} --prompt {ShellWord.Quote(Prompt(prompt))}"
                : $"{Tool} predict {tuned} --task {config.Task} --data {Word(config.Data.Validation ?? config.Data.Train)}{Columns(config.Data)}",
        ];
    }

    /// <summary>After the quickstart.</summary>
    public static IReadOnlyList<string> After(QuickstartReport report)
    {
        string Sample(params string[] parts) => Word(Path.Combine([report.Sample, .. parts]));
        var tuned = $"--model {Sample("base")} --adapter {Word(Path.Combine(report.Output, "reslora", "last"))}";
        return
        [
            $"{Tool} generate --model {Word(report.MergedFolder)} --prompt {ShellWord.Quote(report.Prompt)}",
            $"{Tool} evaluate {tuned} --task word-problems --data {Sample("data", "heldout.jsonl")}",
            $"{Tool} train {Sample("reslora.yaml")} --set adapter.shortcut.kind=middle --output {Path.Combine("runs", "middle")}",
        ];
    }

    /// <summary>A command line with the tool's name as it is called here.</summary>
    /// <param name="arguments">The rest of the line.</param>
    public static string Of(string arguments) => $"{Tool} {arguments}";

    private static string Tool
    {
        get
        {
            var project = Path.Combine("src", "ResLora.Cli");
            var isBuiltHere = AppContext.BaseDirectory.StartsWith(Path.GetFullPath("artifacts"), StringComparison.Ordinal);
            return isBuiltHere && Directory.Exists(project) ? $"dotnet run -c Release --project {project} --" : "reslora";
        }
    }

    // A prompt over several lines is no command to copy.
    private static string Prompt(string prompt) => prompt.Length == 0 || prompt.Any(char.IsControl) ? "Once upon a time" : prompt;

    /// <summary>What was drawn while the model learnt, in the same way; else a caption of the data.</summary>
    private static string Wish(SamplesConfig samples, string caption) => samples.Prompts is [var first, ..]
        ? string.Create(CultureInfo.InvariantCulture, $"--prompt {ShellWord.Quote(Prompt(first))} --guidance {samples.Guidance}")
        : $"--prompt {ShellWord.Quote(Prompt(caption))}";

    private static string Data(DataConfig data)
    {
        var path = data.Validation ?? data.Train;
        var split = Directory.Exists(path) ? data.Validation is null ? " --split train" : " --split validation" : "";
        return $"--data {Word(path)}{split}{Columns(data)}{(data.Validation is null ? SeenBefore : "")}";
    }

    private static string Columns(DataConfig data) =>
        string.Concat(data.Columns.Select(column => $" --column {ShellWord.Quote($"{column.Key}={column.Value}")}"));

    private static string Word(string path)
    {
        if (HubPlaces.Name(path) is var name && name != path)
        {
            return ShellWord.Quote(name);
        }

        var relative = Path.GetRelativePath(Directory.GetCurrentDirectory(), path);
        return ShellWord.Quote(relative.StartsWith("..", StringComparison.Ordinal) ? Path.GetFullPath(path) : relative);
    }
}
