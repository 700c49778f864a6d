namespace ResLora.Adapters.Methods.DyLora;

/// <summary>Trains one rank a step, drawn by the run's seed and the step: a resumed run draws the same ones.</summary>
/// <param name="adapted">The adapted model.</param>
/// <param name="seed">The run's seed.</param>
internal sealed class DyLoraTraining(AdaptedModel adapted, long seed) : MethodTraining
{
    public override void BeginStep(int step)
    {
        var settings = adapted.Config.DyLora ?? new DyLoraSettings();
        Use(DyLoraMath.Draw(seed, step, adapted.Config.Rank, settings.Distribution));
    }

    public override void Dispose()
    {
        Use(null);
        base.Dispose();
    }

    private void Use(int? rank)
    {
        foreach (var block in adapted.Blocks.OfType<DyLoraBlock>())
        {
            block.StepRank = rank;
        }
    }
}
