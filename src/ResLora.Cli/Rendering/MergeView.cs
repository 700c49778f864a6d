using ResLora.Adapters.Merging;
using ResLora.Experiments.Merging;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows what a merge did.</summary>
internal static class MergeView
{
    /// <summary>Draws it.</summary>
    public static void Draw(MergeReport report, IAnsiConsole terminal)
    {
        var loss = report.Loss;
        terminal.Write(Tables.Facts(
        [
            new("written", $"{report.Output} ({(report.As == MergeTarget.Lora ? "PEFT adapter" : "Hugging Face model")})"),
            new("method", $"{MergeMethods.Name(report.Method)}, {(report.IsExact ? "exact but for rounding" : "approximate")}"),
            new("measured on", $"{report.MeasuredOn}, {Tables.Count(loss.Tokens)} predictions"),
            new("loss", double.IsNaN(loss.LossUnmerged) ? "not measured: there are no labels" : $"{Tables.Number(loss.LossUnmerged)} unmerged, {Tables.Number(loss.LossMerged)} merged"),
            // A score is no choice between labels or tokens.
            .. double.IsNaN(loss.MeanKl) ? (KeyValuePair<string, string>[])[] :
            [
                new("divergence", $"{Tables.Number(loss.MeanKl)} nats a prediction"),
                new("same first choice", Tables.Percent(loss.TopOneAgreement)),
            ],
            new("largest logit difference", Tables.Number(loss.MaxLogitDifference)),
            new("read back", $"differs by {Tables.Number(report.ReadBackDifference)}"),
        ]));
    }
}
