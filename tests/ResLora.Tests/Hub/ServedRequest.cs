namespace ResLora.Tests.Hub;

/// <summary>What a <see cref="HubServer"/> was asked.</summary>
public sealed record ServedRequest(string Method, string Path, bool IsContents, string? Authorization, string? Range, string? IfRange);
