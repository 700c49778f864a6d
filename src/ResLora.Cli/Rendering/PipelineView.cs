using System.Globalization;
using ResLora.Experiments.Running;
using ResLora.Formats;
using ResLora.Training.Planning;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows what each of the ranks that share a model's layers would have to do.</summary>
internal static class PipelineView
{
    private const string Unknown = "not known";

    /// <summary>Draws it.</summary>
    public static void Draw(PipelinePlan plan, IAnsiConsole terminal)
    {
        var table = Tables.Of("rank>", "layers>", "with", "memory>", "weights in files>", "passes kept>", "sends a pass>");
        foreach (var stage in plan.Stages)
        {
            table.Row(
                Tables.Count(stage.Stage), Layers(stage), With(stage), Size(stage.Memory?.Total), Size(stage.Memory?.MappedWeights),
                Tables.Count(stage.PassesKept), Size(stage.SentBytes));
        }

        terminal.Write(table);
        terminal.Write(Tables.Facts(Facts(plan)));
    }

    /// <summary>A rank's layers, such as <c>0 to 15</c>.</summary>
    public static string Layers(StagePlan stage) =>
        Tables.Count(stage.Share.First) + (stage.Share.Count == 1 ? "" : $" to {Tables.Count(stage.Share.End - 1)}");

    private static IEnumerable<KeyValuePair<string, string>> Facts(PipelinePlan plan)
    {
        yield return new("idle", string.Create(
            CultureInfo.InvariantCulture,
            $"{Tables.Percent(plan.IdleShare)} of a step, with {plan.Passes} passes a step (accumulationSteps)"));
        yield return new("gradients", $"{ByteSize.Format(plan.GradientBytes)} a step from each rank");
        yield return new("talking", string.Create(CultureInfo.InvariantCulture, $"{plan.TalkSeconds * 1e3:0.##} ms a step"));
        if (plan is { StepSeconds: { } step, Efficiency: { } share })
        {
            yield return new("a step", string.Create(
                CultureInfo.InvariantCulture, $"{step:0.###} s, {Tables.Percent(share)} of N times one rank"));
        }

        if (plan.Choice is { } choice)
        {
            yield return new("limit", PlanView.Limit(choice));
        }

        if (Room(plan) is { } room)
        {
            yield return new("room", room);
        }
    }

    /// <summary>Whether each rank, on a machine like this one, has room.</summary>
    private static string? Room(PipelinePlan plan)
    {
        if (plan.AvailableMemory is not { } free
            || plan.Stages.MaxBy(stage => stage.BytesForSpeed) is not { Memory: { } most, BytesForSpeed: { } withWeights } largest)
        {
            return null;
        }

        var (here, rank) = (ByteSize.Format(free), string.Create(CultureInfo.InvariantCulture, $"rank {largest.Stage}"));
        return most.Total > free
            ? $"{rank} does not fit into the {here} of memory that are free on this machine; take more ranks"
            : withWeights > free
                ? $"{rank} fits into the {here} of memory that are free on this machine, but not with its weights, which would be read "
                    + "from the disk in every pass; take more ranks"
                : $"each rank fits into the {here} of memory that are free on this machine, "
                    + $"with its weights: {ByteSize.Format(withWeights)} at most";
    }

    private static string With(StagePlan stage) => (stage.Share.IsFirst, stage.Share.IsLast) switch
    {
        (true, true) => "embedding, head",
        (true, false) => "embedding",
        (false, true) => "head",
        _ => "",
    };

    private static string Size(long? bytes) => bytes is { } known ? ByteSize.Format(known) : Unknown;
}
