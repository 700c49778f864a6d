using ResLora.Training.Merging;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows what merges cost on each part of the examples, such as a band of timesteps.</summary>
internal static class PartTable
{
    /// <summary>Draws a row for the unmerged model and one for each merge; nothing where there are no parts.</summary>
    /// <param name="merges">Names and losses of merges of one model on the same examples, at least one.</param>
    /// <param name="terminal">Where to.</param>
    public static void Draw(IReadOnlyList<KeyValuePair<string, MergeLoss>> merges, IAnsiConsole terminal)
    {
        if (merges[0].Value.Parts is not { } parts)
        {
            return;
        }

        var table = Tables.Of(["loss", .. parts.Select(part => $"{Words(part.Name)}>")]);
        table.Row(["unmerged", .. parts.Select(part => Tables.Number(part.LossUnmerged))]);
        foreach (var (name, loss) in merges)
        {
            table.Row([name, .. loss.Parts!.Select(part => Tables.Number(part.LossMerged))]);
        }

        terminal.Write(table);
    }

    /// <summary>A part's name as words: <c>timesteps 0 to 249</c>.</summary>
    /// <param name="name">The name.</param>
    public static string Words(string name) => name.Replace('_', ' ');
}
