using System.CommandLine;
using ResLora.Formats.Errors;
using ResLora.Training.Generation;

namespace ResLora.Cli;

/// <summary>The options that say how tokens of a text are chosen.</summary>
/// <param name="defaults">What holds where an option is not given.</param>
/// <param name="seed">What the help says of the seed.</param>
internal sealed class SamplingOptions(GenerationConfig defaults, string seed = "The seed of the drawing.")
{
    private readonly Option<int> _count = new("--max-new-tokens")
    {
        Description = "The most tokens to add.",
        HelpName = "N",
        DefaultValueFactory = _ => defaults.MaxNewTokens,
    };

    private readonly Option<double> _temperature = new("--temperature")
    {
        Description = "0 takes the likeliest token every time; above, tokens are drawn.",
        HelpName = "T",
        DefaultValueFactory = _ => defaults.Temperature,
    };

    private readonly Option<double> _topP = new("--top-p")
    {
        Description = "Draw only among the likeliest tokens that together reach this probability.",
        HelpName = "P",
        DefaultValueFactory = _ => defaults.TopP,
    };

    private readonly Option<long> _seed = new("--seed")
    {
        Description = seed,
        HelpName = "S",
        DefaultValueFactory = _ => defaults.Seed,
    };

    /// <summary>Gives them to a command.</summary>
    /// <param name="verb">The command.</param>
    public void AddTo(Command verb)
    {
        verb.Add(_count);
        verb.Add(_temperature);
        verb.Add(_topP);
        verb.Add(_seed);
    }

    /// <summary>What a line says.</summary>
    /// <param name="line">The parsed line.</param>
    /// <returns>The settings, which may have problems.</returns>
    public GenerationConfig Of(ParseResult line) => defaults with
    {
        MaxNewTokens = line.GetValue(_count),
        Temperature = line.GetValue(_temperature),
        TopP = line.GetValue(_topP),
        Seed = line.GetValue(_seed),
    };

    /// <summary>Warns where the model asks to be drawn from and the line does not.</summary>
    /// <param name="line">The parsed line.</param>
    /// <param name="model">The model's folder.</param>
    /// <exception cref="ResLoraException">Its settings are broken.</exception>
    public void WarnOfWishes(ParseResult line, string model)
    {
        if (line.GetResult(_temperature) is null or { Implicit: true } && SamplingSettings.Read(model) is { Numbers.Count: > 0 } wanted)
        {
            Warnings.Add($"generation_config.json asks to draw tokens with {wanted}; here the likeliest token is taken unless --temperature and --top-p are given.");
        }
    }
}
