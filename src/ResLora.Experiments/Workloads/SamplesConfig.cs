using ResLora.Training.Generation;

namespace ResLora.Experiments.Workloads;

/// <summary>Pictures that a text-to-image run makes at its start and at every evaluation, so that one can see it learn.</summary>
public sealed record SamplesConfig
{
    private const int MostPrompts = 64;

    /// <summary>What is to be seen, a picture each.</summary>
    public IReadOnlyList<string> Prompts { get; init; } = [];

    /// <summary>The seed of the first picture; each further one has the next. Equal seeds begin with equal noise. Default 0.</summary>
    public long Seed { get; init; }

    /// <summary>The steps from noise to picture. Default 20.</summary>
    public int Steps { get; init; } = 20;

    /// <summary>How strongly prompts are followed. Default 7.5.</summary>
    public double Guidance { get; init; } = 7.5;

    /// <summary>What is not to be seen. Default: nothing.</summary>
    public string Negative { get; init; } = "";

    /// <summary>The sampler; null takes the pipeline's own.</summary>
    public string? Sampler { get; init; }

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        if (Prompts.Count > MostPrompts)
        {
            yield return $"prompts has {Prompts.Count} texts; at most {MostPrompts} are drawn";
        }

        foreach (var problem in Settings("", 0).Problems())
        {
            yield return problem;
        }
    }

    /// <summary>How a picture is made.</summary>
    /// <param name="prompt">What is to be seen.</param>
    /// <param name="place">Which picture, from 0.</param>
    /// <returns>The settings.</returns>
    internal ImageSettings Settings(string prompt, int place) => new()
    {
        Prompt = prompt,
        Negative = Negative,
        Steps = Steps,
        Guidance = Guidance,
        Sampler = Sampler,
        Seed = Seed + place,
    };
}
