using System.CommandLine;
using ResLora.Cli.Rendering;
using ResLora.Experiments;
using ResLora.Experiments.Evaluating;
using ResLora.Experiments.Places;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;
using ResLora.Text.Data.Tasks;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora evaluate</c>.</summary>
internal static class EvaluateCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var model = SharedOptions.Model();
        var adapter = SharedOptions.Adapter();
        var rank = SharedOptions.Rank();
        var task = new Option<string>("--task")
        {
            Description = $"A task that generates: {string.Join(", ", TaskRegistry.All.Select(t => t.Name))}; " +
                $"one with labels of texts: {string.Join(", ", LabelledTaskRegistry.All.Select(t => t.Name))}; or one of pictures: {TaskNames.Pictures}, {TaskNames.TextToImage}.",
            HelpName = "NAME",
            Required = true,
        };
        var data = new Option<string>("--data")
        {
            Description = "A file, the data set's own folder, of which --split is read, or hub:org/name; for pictures a folder or a table of them.",
            HelpName = "PATH",
            Required = true,
        };
        var split = new Option<string>("--split")
        {
            Description = "The part of a data set's folder: test, validation or train.",
            HelpName = "PART",
            DefaultValueFactory = _ => "test",
        };
        var limit = new Option<int?>("--limit") { Description = "How many samples to read; all by default.", HelpName = "N" };
        var batch = new Option<int>("--batch-size")
        {
            Description = "Samples in one forward pass.",
            HelpName = "N",
            DefaultValueFactory = _ => 16,
        };
        var count = new Option<int>("--max-new-tokens")
        {
            Description = "The most tokens of an answer.",
            HelpName = "N",
            DefaultValueFactory = _ => 128,
        };
        var predictions = new Option<string?>("--predictions")
        {
            Description =
                "Write every prompt, answer and verdict, or the right and the predicted label with all probabilities, to this JSONL file.",
            HelpName = "FILE",
        };
        var mistakes = new Option<string?>("--mistakes")
        {
            Description = "For labels: draw what is taken for what into this PNG, and for pictures the worst mistakes themselves.",
            HelpName = "FILE",
        };
        var columns = new Option<string[]>("--column")
        {
            Description = "Name a column of the file, such as prompt=question or label=category; may be given several times.",
            HelpName = "NAME=COLUMN",
        };
        var template = SharedOptions.ChatTemplate();
        var pattern = new Option<string?>("--answer-pattern")
        {
            Description = "For exact match: a regular expression whose first group is the answer, in what is generated as in what " +
                "is right; the last match counts.",
            HelpName = "REGEX",
        };
        var dtype = SharedOptions.DataType();
        var verb = new Verb(
            "evaluate",
            "Measure the loss on a task's completions and how many generated answers are exactly right, or how well labels and scores of texts or pictures are predicted.",
            "evaluate --model samples/word-problems/base --task word-problems --data samples/word-problems/data/heldout.jsonl --limit 100",
            "evaluate --model my-model --adapter runs/my/best --task gsm8k --data gsm8k/test.jsonl --predictions predictions.jsonl",
            "evaluate --model my-chat-model --task chat --data conversations.jsonl --answer-pattern '#### (.+)'",
            "evaluate --model my-roberta --adapter runs/sst2/best --task sst2 --data data/SST-2 --split validation",
            "evaluate --model my-vit --adapter runs/birds/best --task image-classification --data birds --mistakes mistakes.png")
        {
            model, adapter, rank, task, data, split, limit, batch, count, predictions, mistakes, columns, template, pattern, dtype,
        };
        return verb.Does((line, context) =>
        {
            var adapterFolder = HubPlaces.Model(line.GetValue(adapter));
            context.RequireTorch();
            var options = new EvaluateOptions
            {
                Model = BaseModelFolder.Of(line.GetValue(model), adapterFolder),
                Adapter = adapterFolder,
                Rank = line.GetValue(rank),
                Task = line.GetRequiredValue(task),
                Data = HubPlaces.Data(line.GetRequiredValue(data)),
                Split = line.GetRequiredValue(split) switch
                {
                    "test" => TaskSplit.Test,
                    "validation" => TaskSplit.Validation,
                    "train" => TaskSplit.Train,
                    var other => throw new ConfigException($"--split is '{other}'; it must be test, validation or train."),
                },
                Columns = ColumnArguments.Parse(line.GetValue(columns) ?? []),
                Limit = line.GetValue(limit),
                BatchSize = line.GetValue(batch),
                MaxNewTokens = line.GetValue(count),
                ChatTemplate = line.GetValue(template),
                AnswerPattern = line.GetValue(pattern),
                DataType = line.GetRequiredValue(dtype),
                Ranks = context.Ranks,
                PredictionsFile = line.GetValue(predictions),
                MistakesFile = line.GetValue(mistakes),
            };
            var report = RunProgress.Show(context, progress => EvaluateJob.Run(options, progress, context.Stop));
            context.Result(EvaluationView.Document(report), terminal => EvaluationView.Draw(report, terminal));
            return ExitCode.Done;
        }, isShared: true);
    }
}
