using System.CommandLine;
using ResLora.Experiments.Running;

namespace ResLora.Cli;

/// <summary>The arguments by which <c>train</c> and <c>plan</c> know a run: a YAML file, or a model and data.</summary>
internal sealed class RunArguments
{
    private readonly Argument<string?> _config = new("CONFIG.yaml")
    {
        Description = "Model, task, data, adapter and training; docs/configuration.md has every key. Not needed with --model and --data.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _model =
        new("--model") { Description = "The model's folder or .gguf file, or hub:org/name; overrides the file's.", HelpName = "DIR" };
    private readonly Option<string?> _data =
        new("--data") { Description = "The training data, a file, a folder or hub:org/name; overrides the file's.", HelpName = "PATH" };
    private readonly Option<string?> _task = new("--task") { Description = "The task; overrides the file's. Without a file: found from the model and the data's columns.", HelpName = "NAME" };
    private readonly Option<string[]> _columns = new("--column") { Description = "Name a column of the data, such as prompt=question or label=category; may be given several times.", HelpName = "NAME=COLUMN" };
    private readonly Option<string[]> _set = SharedOptions.Set();
    private readonly Option<string?> _maxMemory = SharedOptions.MaxMemory();

    /// <summary>Puts them on a command.</summary>
    /// <param name="verb">The command.</param>
    public void AddTo(Verb verb)
    {
        verb.Arguments.Add(_config);
        foreach (var option in new Option[] { _model, _data, _task, _columns, _set, _maxMemory })
        {
            verb.Options.Add(option);
        }
    }

    /// <summary>Reads the settings while libtorch loads, and says which task was found.</summary>
    /// <param name="line">The line.</param>
    /// <param name="context">Where it is said.</param>
    /// <param name="folder">The run's folder, where the line names one.</param>
    /// <returns>The settings, free of problems.</returns>
    public RunConfig Read(ParseResult line, CommandContext context, string? folder = null)
    {
        RunConfig? config = null;
        context.RequireTorch(meanwhile: () => config = ReadSettings(line, context));
        return folder is null ? config! : config! with { Output = Path.GetFullPath(folder) };
    }

    private RunConfig ReadSettings(ParseResult line, CommandContext context)
    {
        var file = line.GetValue(_config);
        if (file is null)
        {
            // The task depends on the kind of the model.
            context.RequireTorch();
        }

        var (config, found) = new RunRequest
        {
            File = file,
            Model = line.GetValue(_model),
            Data = line.GetValue(_data),
            Task = line.GetValue(_task),
            Columns = ColumnArguments.Parse(line.GetValue(_columns) ?? []),
            Assignments = [.. SharedOptions.Assignments(line.GetValue(_set), line.GetValue(_maxMemory))],
        }.Read();
        if (found is not null)
        {
            context.Log(found);
        }

        return config;
    }
}
