using System.Text.Json.Nodes;

namespace ResLora.Models;

/// <summary>A network that is to be made.</summary>
/// <param name="Config">Its config.json.</param>
/// <param name="Problems">What is wrong or unsupported, a phrase each; empty when it can be built.</param>
/// <param name="Build">Builds it on the meta device; owned by the caller. Not to be called when there are problems.</param>
public sealed record NewNetwork(JsonObject Config, IReadOnlyList<string> Problems, Func<Network> Build);
