/** What a TypeScript file imports, as its syntax says. */
import { posix } from 'node:path';
import ts from 'typescript';

export interface Import {
  /** As written. */
  from: string;
  /** Erased when it is compiled. */
  isType: boolean;
}

/** @param path from the folder that the paths of all files are given from */
export interface SourceFile {
  path: string;
  text: string;
}

export const importsOf = ({ path, text }: SourceFile): Import[] => {
  const imports: Import[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const isType = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
      imports.push({ from: node.moduleSpecifier.text, isType });
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
      imports.push({ from: node.moduleSpecifier.text, isType: node.isTypeOnly });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [what] = node.arguments;
      if (what && ts.isStringLiteralLike(what)) imports.push({ from: what.text, isType: false });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      imports.push({ from: (node.argument.literal as ts.StringLiteral).text, isType: true });
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
  return imports;
};

export const isOurs = ({ from }: Import): boolean => from.startsWith('.');

/** Where an import of ours leads, with the ending that it has there. */
export const resolveImport = (path: string, from: string): string =>
  posix.join(posix.dirname(path), from).replace(/\.js$/, '.ts');
