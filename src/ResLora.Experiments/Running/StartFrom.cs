using ResLora.Adapters;
using ResLora.Formats.Errors;

namespace ResLora.Experiments.Running;

/// <summary>Which saved adapters can be trained further.</summary>
internal static class StartFrom
{
    /// <summary>Refuses those of which only a part would be trained.</summary>
    /// <param name="adapter">The adapter on its model.</param>
    /// <param name="folder">Where it came from.</param>
    /// <returns>The adapter.</returns>
    /// <exception cref="ConfigException">It has more than blocks and a head.</exception>
    public static AdaptedModel Require(AdaptedModel adapter, string folder) => adapter.BesidesBlocks.Count == 0
        ? adapter
        : throw new ConfigException(
            $"{folder}: it has {string.Join(", ", adapter.BesidesBlocks)}, which cannot be trained further yet; merge it into its model (reslora merge --as model) and train that with a new adapter.");
}
