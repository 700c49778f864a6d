using System.Text.Json.Serialization;

namespace ResLora.Adapters.Methods.Ia3;

/// <summary>(IA)³'s own settings.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record Ia3Settings
{
    /// <summary>
    /// Which of the targets have a factor for each input in place of each output, such as [down_proj]: by suffix or regular expression.
    /// Default none.
    /// </summary>
    public TargetModules? Feedforward { get; init; }

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems() => Feedforward switch
    {
        null => [],
        { IsAllLinear: true } => ["ia3.feedforward is all-linear; name the layers"],
        var chosen => chosen.Problems("ia3.feedforward"),
    };
}
