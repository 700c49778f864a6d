using System.CommandLine;
using System.Globalization;
using ResLora.Cli.Rendering;
using ResLora.Experiments;
using ResLora.Experiments.Judging;
using ResLora.Experiments.Places;

namespace ResLora.Cli.Commands;

/// <summary><c>reslora judge</c>.</summary>
internal static class JudgeCommand
{
    /// <summary>Makes the command.</summary>
    public static Verb Create()
    {
        var defaults = new JudgeOptions { Model = "", Data = "" };
        var model = SharedOptions.Model();
        var adapter = SharedOptions.Adapter();
        var data = new Option<string>("--data") { Description = "The pictures: a folder or a table.", HelpName = "PATH", Required = true };
        var against = new Option<string?>("--against")
        {
            Description = "Real pictures: also measure the Fréchet distance to them, and that of as many real ones from the others.",
            HelpName = "PATH",
        };
        var batch = new Option<int>("--batch-size")
        {
            Description = "Pictures in one forward pass.",
            HelpName = "N",
            DefaultValueFactory = _ => defaults.BatchSize,
        };
        var seed = new Option<int>("--seed")
        {
            Description = "The seed that draws real pictures.",
            HelpName = "S",
            DefaultValueFactory = _ => defaults.Seed,
        };
        var verb = new Verb(
            "judge",
            "Have a model that labels pictures say what a set of pictures, such as generated ones, looks like.",
            "judge --model my-style-judge --data runs/style/samples/000100 --against held-out-pictures")
        {
            model, adapter, data, against, batch, seed,
        };
        return verb.Does((line, context) =>
        {
            var adapterFolder = HubPlaces.Model(line.GetValue(adapter));
            context.RequireTorch();
            var report = JudgeJob.Run(
                new JudgeOptions
                {
                    Model = BaseModelFolder.Of(line.GetValue(model), adapterFolder),
                    Adapter = adapterFolder,
                    Data = HubPlaces.Data(line.GetRequiredValue(data)),
                    Against = line.GetValue(against),
                    BatchSize = line.GetValue(batch),
                    Seed = line.GetValue(seed),
                },
                context.Stop);
            context.Result(report, terminal => terminal.Write(Tables.Facts(Facts(report))));
            return ExitCode.Done;
        });
    }

    private static List<KeyValuePair<string, string>> Facts(JudgeReport report)
    {
        List<KeyValuePair<string, string>> facts =
        [
            new("pictures", Tables.Count(report.Pictures)),
            .. report.Labels.Select(share => KeyValuePair.Create(
                share.Label,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{share.Count}, {100 * share.Share:0.0} % (95 %: {100 * share.Low:0.0} to {100 * share.High:0.0})"))),
        ];
        if (report.Distance is { } distance)
        {
            facts.Add(new("distance", $"{Tables.Number(distance.Value)} from {Tables.Count(distance.Real)} real pictures (Fréchet)"));
            facts.Add(new(
                "noise floor",
                $"{Tables.Number(distance.FloorMean)} ({Tables.Number(distance.FloorLow)} to {Tables.Number(distance.FloorHigh)}): "
                + $"{Tables.Count(distance.FloorPictures)} real pictures from the others"));
        }

        return facts;
    }
}
