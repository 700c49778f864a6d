using System.CommandLine;
using ResLora.Experiments;
using ResLora.Experiments.Places;
using ResLora.Experiments.Predicting;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Text.Data.Labelling;
using ResLora.Text.Data.Readers;
using ResLora.Text.Tokenization;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora predict</c>.</summary>
internal static class PredictCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var defaults = new PredictOptions { Model = "" };
        var model = SharedOptions.Model();
        var adapter = SharedOptions.Adapter();
        var data = new Option<string?>("--data")
        {
            Description = "Texts: a JSONL, CSV, TSV or Parquet file. Pictures: a folder, a table, or one picture. By default standard input: a text, a JSON object or the path of a picture a line.",
            HelpName = "PATH",
        };
        var task = new Option<string?>("--task")
        {
            Description = $"How texts are read: one of {string.Join(", ", LabelledTaskRegistry.All.Select(t => t.Name))}. " +
                "By default the columns text and text2. Pictures need none.",
            HelpName = "NAME",
        };
        var columns = new Option<string[]>("--column")
        {
            Description = "Name a column of the file, such as text=sentence or image=photo; may be given several times.",
            HelpName = "NAME=COLUMN",
        };
        var output = new Option<string?>("--output")
        {
            Description = "Write the predictions to this JSONL file; by default to standard output.",
            HelpName = "FILE",
        };
        var submission = new Option<string?>("--submission")
        {
            Description = "Also write the file that GLUE's server takes, into this folder; needs --task and --data.",
            HelpName = "DIR",
        };
        var batch = new Option<int>("--batch-size")
        {
            Description = "Texts or pictures in one forward pass.",
            HelpName = "N",
            DefaultValueFactory = _ => defaults.BatchSize,
        };
        var length = new Option<int>("--max-length")
        {
            Description = "The longest text in tokens; longer ones are cut.",
            HelpName = "N",
            DefaultValueFactory = _ => defaults.MaxLength,
        };
        var truncation = new Option<string>("--truncation")
        {
            Description = "Which text of a pair is cut: longest_first, only_first or only_second.",
            HelpName = "WAY",
            DefaultValueFactory = _ => "longest_first",
        };
        var dtype = SharedOptions.DataType();
        var verb = new Verb(
            "predict",
            "Label or score texts with a fine-tuned encoder, or label pictures. A JSON object for each goes to standard output, with the probability of every label.",
            "predict --model my-roberta --adapter runs/sst2/best --data reviews.csv --column text=review --output labels.jsonl",
            "predict --model my-merged-model < lines.txt",
            "predict --model my-vit --adapter runs/birds/best --data photos",
            "predict --model my-roberta --adapter runs/rte/best --task rte --data data/RTE --submission submission")
        {
            model, adapter, data, task, columns, output, submission, batch, length, truncation, dtype,
        };
        return verb.Does((line, context) =>
        {
            var adapterFolder = HubPlaces.Model(line.GetValue(adapter));
            context.RequireTorch();
            var options = new PredictOptions
            {
                Model = BaseModelFolder.Of(line.GetValue(model), adapterFolder),
                Adapter = adapterFolder,
                Data = HubPlaces.Data(line.GetValue(data)),
                Task = line.GetValue(task),
                Columns = ColumnArguments.Parse(line.GetValue(columns) ?? []),
                Submission = line.GetValue(submission),
                BatchSize = line.GetValue(batch),
                MaxLength = line.GetValue(length),
                Truncation = line.GetRequiredValue(truncation) switch
                {
                    "longest_first" => Truncation.LongestFirst,
                    "only_first" => Truncation.OnlyFirst,
                    "only_second" => Truncation.OnlySecond,
                    var other => throw new ConfigException(
                        $"--truncation is '{other}'; it must be longest_first, only_first or only_second."),
                },
                DataType = line.GetRequiredValue(dtype),
                Ranks = context.Ranks,
            };
            Run(options, line.GetValue(output), context);
            return ExitCode.Done;
        }, isShared: true);
    }

    private static void Run(PredictOptions options, string? output, CommandContext context)
    {
        if (output is not null)
        {
            OutputGuard.RequireFile(output, options.Data, options.Model, options.Adapter);
        }

        var results = new ResultLines<LabelPrediction>(context, output);
        var count = PredictJob.Run(options, TextLines.Read(context.Streams.Input, TextLines.StandardInput), results.Add, context.Stop);
        results.End(
            "predictions", kept => kept is null ? new { Texts = count, Output = output } : new { Texts = count, Predictions = kept });
    }
}
