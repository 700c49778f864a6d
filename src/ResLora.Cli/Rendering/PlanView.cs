using System.Globalization;
using ResLora.Experiments.Planning;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows what <c>reslora plan</c> worked out.</summary>
internal static class PlanView
{
    /// <summary>Draws it.</summary>
    public static void Draw(PlanReport report, IAnsiConsole terminal)
    {
        if (report.Modules.Count > 0)
        {
            var table = Tables.Of("layers with a block", "count>", "inputs>", "outputs>");
            foreach (var group in report.Modules)
            {
                table.Row(group.Suffix, Tables.Count(group.Modules.Count), Tables.Count(group.Inputs), Tables.Count(group.Outputs));
            }

            terminal.Write(table);
        }

        var memory = report.Memory;
        terminal.Write(Tables.Facts(
        [
            new("trained", $"{Tables.Count(report.TrainableParameters)} of {Tables.Count(report.TotalParameters)} parameters ({Tables.Percent((double)report.TrainableParameters / report.TotalParameters)})"),
            new("chains", Chains(report)),
            new("data", $"{Tables.Count(report.TrainSamples)} samples, {report.TooLong} too long, {report.Untrained} with nothing to learn, {report.ValidationSamples} for validation"),
            new("trained tokens", string.Create(CultureInfo.InvariantCulture, $"{report.MinTrainedTokens} to {report.MaxTrainedTokens} a sample, {report.MeanTrainedTokens:0.0} on average; the longest sample has {report.LongestSample} tokens")),
            new("steps", string.Create(CultureInfo.InvariantCulture, $"{report.Steps:N0}, {report.Epochs:0.##} passes over the data")),
            new("memory", $"about {Tables.Bytes(memory.Total)}: weights {Tables.Bytes(memory.Weights)}, trained {Tables.Bytes(memory.Trained)}, activations {Tables.Bytes(memory.Activations)}, logits {Tables.Bytes(memory.Logits)}; the program itself takes 0.3 GB"),
        ]));
        foreach (var found in report.Breaks)
        {
            Tables.Line(terminal, $"A chain is cut between {found.From} and {found.To}: {found.Reason}.");
        }
    }

    private static string Chains(PlanReport report) => report.Chains.Count == 0
        ? "none: no shortcuts"
        : string.Join(", ", report.Chains.Select(chain => $"{chain.Name} ({chain.Blocks.Count})"));
}
