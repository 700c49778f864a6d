namespace ResLora.Experiments.Configuration;

/// <summary>Settings that know what about them cannot be carried out.</summary>
public interface ICheckedConfig
{
    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    IEnumerable<string> Problems();
}
